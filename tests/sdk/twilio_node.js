// The official Node client against a running function, with only its base URL changed.
//
// Usage: NODE_PATH=…/node_modules node twilio_node.js http://127.0.0.1:9000

"use strict";

const assert = require("node:assert/strict");
const twilio = require("twilio");

const [baseUrl] = process.argv.slice(2);
const IDENTITY = "ff483d1ff591898a9942916050d2ca3f";
const PUBLIC_KEY =
  "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8GdwtibWe0kpgsFl6xPQBwhtwUEyeJkeozFmi2jiJDzxFSMwVy3kVR1h/dPVYOfgkC0EkfBRJ0J/6xW47FD5vA==";

class Local extends twilio.RequestClient {
  request(options) {
    return super.request({ ...options, uri: options.uri.replace("https://verify.twilio.com", baseUrl) });
  }
}

async function main() {
  const httpClient = new Local();
  const verify = twilio("AC0123456789abcdef0123456789abcdef", "local-auth-token", { httpClient }).verify.v2;

  const service = await verify.services.create({ friendlyName: "Nest", "totp.issuer": "Owl & Co" });
  assert.equal(service.totp.issuer, "Owl & Co");
  const factors = verify.services(service.sid).entities(IDENTITY).newFactors;

  const totp = await factors.create({ friendlyName: "John's Phone ü", factorType: "totp", metadata: { os: "Android" } });
  assert.deepEqual([totp.status, totp.metadata], ["unverified", { os: "Android" }]);
  assert.ok(totp.dateCreated instanceof Date && !Number.isNaN(totp.dateCreated.getTime()));
  assert.equal(new URL(totp.binding.uri).searchParams.get("secret"), totp.binding.secret);

  const push = await factors.create({
    friendlyName: "John's Phone",
    factorType: "push",
    "binding.alg": "ES256",
    "binding.publicKey": PUBLIC_KEY,
    "config.appId": "com.example.myapp",
    "config.notificationPlatform": "none",
    "config.sdkVersion": "1.0.0",
  });
  assert.deepEqual(push.binding, { alg: "ES256", public_key: PUBLIC_KEY });
  assert.equal(push.config.credential_sid, `CR${push.sid.slice(2)}`);

  await assert.rejects(factors.create({ friendlyName: "Laptop", factorType: "totp", "config.skew": 3 }), (refused) => {
    assert.deepEqual([refused.status, refused.code], [400, 60306]);
    assert.equal(refused.details.parameters[0].parameter, "Config.Skew");
    return true;
  });

  const listed = await verify.services.list({ pageSize: 3 });
  assert.ok(listed.some((other) => other.sid === service.sid));
  assert.equal(await verify.services(service.sid).remove(), true);
  console.log("The official Node client works.");
}

main();
