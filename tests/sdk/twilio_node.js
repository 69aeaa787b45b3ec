// The official Node client against a running function, with only its base URL changed.
//
// Usage: NODE_PATH=…/node_modules node twilio_node.js http://127.0.0.1:9000

"use strict";

const assert = require("node:assert/strict");
const crypto = require("node:crypto");
const twilio = require("twilio");

const [baseUrl] = process.argv.slice(2);
const IDENTITY = "ff483d1ff591898a9942916050d2ca3f";

const client = twilio("AC0123456789abcdef0123456789abcdef", "local-auth-token");
client.verify.baseUrl = baseUrl;
const verify = client.verify.v2;

// RFC 4648, section 6.
function base32(text) {
  const bits = [...text].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0"));
  return Buffer.from(bits.join("").match(/.{8}/g).map((byte) => parseInt(byte, 2)));
}

// The code of an authenticator app that has read this URI, as many time steps away (RFC 6238).
function code(uri, steps = 0) {
  const read = new URL(uri).searchParams;
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 1000 / read.get("period")) + steps));
  const digest = crypto.createHmac(read.get("algorithm"), base32(read.get("secret"))).update(counter).digest();
  const number = digest.readUInt32BE(digest.at(-1) & 15) & 0x7fffffff;
  return String(number).padStart(8, "0").slice(-read.get("digits"));
}

function refusedWith(status, code) {
  return (refusal) => {
    assert.deepEqual([refusal.status, refusal.code], [status, code]);
    return true;
  };
}

async function totpFromFirstToLast(entity) {
  const totp = await entity.newFactors.create({
    friendlyName: "John's Phone ü",
    factorType: "totp",
    metadata: { os: "Android" },
    "config.alg": "sha256",
    "config.codeLength": 8,
  });
  assert.deepEqual([totp.status, totp.metadata], ["unverified", { os: "Android" }]);
  assert.ok(totp.dateCreated instanceof Date && !Number.isNaN(totp.dateCreated.getTime()));
  assert.equal(new URL(totp.binding.uri).searchParams.get("secret"), totp.binding.secret);

  const factor = entity.factors(totp.sid);
  const near = [-3, -2, -1, 0, 1, 2, 3].map((steps) => code(totp.binding.uri, steps));
  const wrong = ["00000000", "00000001", "00000002", "00000003", "00000004", "00000005", "00000006", "00000007"];
  const stillUnverified = await factor.update({ authPayload: wrong.find((other) => !near.includes(other)) });
  assert.equal(stillUnverified.status, "unverified");
  const verified = await factor.update({ authPayload: code(totp.binding.uri) });
  assert.equal(verified.status, "verified");

  const fetched = await factor.fetch();
  assert.deepEqual([fetched.sid, fetched.status, fetched.binding], [totp.sid, "verified", undefined]);
  assert.deepEqual(fetched.config, { alg: "sha256", skew: 1, code_length: 8, time_step: 30 });
  const renamed = await factor.update({ friendlyName: "John's old phone", "config.skew": 2 });
  assert.deepEqual([renamed.friendlyName, renamed.status], ["John's old phone", "verified"]);
  await loginsWithACode(entity, totp);
  return factor;
}

async function loginsWithACode(entity, { sid: factorSid, binding: { uri } }) {
  // A code is good once, and the one of the present step verified the Factor.
  const atOnce = await entity.challenges.create({ factorSid, authPayload: code(uri, 1) });
  assert.deepEqual([atOnce.status, atOnce.factorType, atOnce.details], ["approved", "totp", null]);
  assert.deepEqual(atOnce.dateResponded, atOnce.dateCreated);

  const login = await entity.challenges.create({ factorSid, expirationDate: new Date(Date.now() + 600_000) });
  assert.deepEqual([login.status, login.dateResponded], ["pending", null]);
  const challenge = entity.challenges(login.sid);
  const used = await challenge.update({ authPayload: code(uri, 1) });
  assert.equal(used.status, "pending");
  const answered = await challenge.update({ authPayload: code(uri, 2), metadata: { browser: "Firefox" } });
  assert.deepEqual([answered.status, answered.metadata], ["approved", { browser: "Firefox" }]);
  await assert.rejects(challenge.update({ authPayload: code(uri, 2) }), refusedWith(403, 60322));
  assert.equal((await challenge.fetch()).status, "approved");

  const sids = async (filters) => (await entity.challenges.list({ pageSize: 1, ...filters })).map(({ sid }) => sid);
  assert.deepEqual(await sids({ factorSid, status: "approved", order: "desc" }), [login.sid, atOnce.sid]);
  assert.deepEqual(await sids({ status: "pending" }), []);
}

async function pushFromFirstToLast(entity) {
  const keys = crypto.generateKeyPairSync("ec", { namedCurve: "P-256" });
  const publicKey = keys.publicKey.export({ type: "spki", format: "der" }).toString("base64");
  const push = await entity.newFactors.create({
    friendlyName: "John's Phone",
    factorType: "push",
    "binding.alg": "ES256",
    "binding.publicKey": publicKey,
    "config.appId": "com.example.myapp",
    "config.notificationPlatform": "none",
    "config.sdkVersion": "1.0.0",
  });
  assert.deepEqual(push.binding, { alg: "ES256", public_key: publicKey });
  assert.equal(push.config.credential_sid, `CR${push.sid.slice(2)}`);

  const factor = entity.factors(push.sid);
  const sign = (text) => crypto.sign("sha256", Buffer.from(text), keys.privateKey).toString("base64");
  await assert.rejects(factor.update({ authPayload: sign("another text") }), refusedWith(403, 60311));
  const verified = await factor.update({ authPayload: sign(push.sid) });
  assert.equal(verified.status, "verified");
  for (const status of ["approved", "denied"]) await loginWithAPush(entity, push.sid, keys.privateKey, status);
  return factor;
}

// A compact JWS (RFC 7515) of this payload, as a phone answers.
function jws(key, payload) {
  const parts = [{ typ: "JWT", alg: "ES256" }, payload];
  const signed = parts.map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${signed}.${crypto.sign("sha256", Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}

async function loginWithAPush(entity, factorSid, key, status) {
  const fields = [{ label: "Browser", value: "Firefox on Linux" }, { label: "Place", value: "Zürich" }];
  const login = await entity.challenges.create({
    factorSid,
    "details.message": "Do you log in to Owl & Co?",
    "details.fields": fields,
    hiddenDetails: { ip: "192.0.2.1" },
  });
  assert.deepEqual([login.status, login.details.fields], ["pending", fields]);

  // The phone has it as it was sent, which the client parses.
  const shown = await client.request({ method: "get", uri: login.url });
  const names = shown.headers["twilio-verify-signature-fields"].split(",");
  const members = Object.fromEntries(names.map((name) => [name, shown.body[name]]));
  const challenge = entity.challenges(login.sid);
  const forAnother = jws(key, { ...members, sid: "YC00000000000000000000000000000000", status });
  await assert.rejects(challenge.update({ authPayload: forAnother }), refusedWith(403, 60324));
  const answered = await challenge.update({ authPayload: jws(key, { ...members, status }) });
  assert.equal(answered.status, status);
  assert.ok(answered.dateResponded instanceof Date);
  const listed = await entity.challenges.list({ factorSid, status });
  assert.deepEqual(listed.map(({ sid }) => sid), [login.sid]);
}

async function anAccessTokenIsHandedOut(service) {
  const { accessTokens } = verify.services(service.sid);
  const other = accessTokens.create({ identity: IDENTITY, factorType: "totp" });
  await assert.rejects(other, refusedWith(400, 60305));
  const token = await accessTokens.create({ identity: IDENTITY, factorType: "push", factorFriendlyName: "John's Phone" });
  assert.deepEqual([token.entityIdentity, token.factorFriendlyName, token.ttl], [IDENTITY, "John's Phone", 60]);
  const fetched = await accessTokens(token.sid).fetch();
  assert.deepEqual([fetched.token, fetched.dateCreated], [token.token, token.dateCreated]);
}

async function main() {
  const service = await verify.services.create({ friendlyName: "Nest", "totp.issuer": "Owl & Co" });
  assert.equal(service.totp.issuer, "Owl & Co");
  const { entities } = verify.services(service.sid);
  const entity = entities(IDENTITY);
  await anAccessTokenIsHandedOut(service);

  const create = entity.newFactors.create({ friendlyName: "Laptop", factorType: "totp", "config.skew": 3 });
  await assert.rejects(create, (refused) => {
    assert.deepEqual([refused.status, refused.code], [400, 60306]);
    assert.equal(refused.details.parameters[0].parameter, "Config.Skew");
    return true;
  });

  const factors = [await totpFromFirstToLast(entity), await pushFromFirstToLast(entity)];
  assert.equal((await entity.factors.list({ pageSize: 1 })).length, 2);
  for (const factor of factors) {
    assert.equal(await factor.remove(), true);
    await assert.rejects(factor.fetch(), refusedWith(404, 20404));
  }

  await assert.rejects(entities.create({ identity: IDENTITY }), refusedWith(409, 60301));
  const created = await entities.create({ identity: "another-one" });
  assert.deepEqual([created.identity, created.serviceSid], ["another-one", service.sid]);
  assert.equal((await entities("another-one").fetch()).sid, created.sid);
  const identities = (await entities.list({ pageSize: 1 })).map((other) => other.identity);
  assert.deepEqual(identities, ["another-one", IDENTITY]);
  assert.equal(await entities(IDENTITY).remove(), true);
  await assert.rejects(entities(IDENTITY).fetch(), refusedWith(404, 20404));

  const listed = await verify.services.list({ pageSize: 3 });
  assert.ok(listed.some((other) => other.sid === service.sid));
  assert.equal(await verify.services(service.sid).remove(), true);
  console.log("The official Node client works.");
}

main();
