// A phone: a key that never leaves the browser, and the device protocol, as the official SDKs for phones speak it.

import { basic, Refused, send } from "./api.js";

const ES256 = { name: "ECDSA", hash: "SHA-256" };
const SIGNATURE_FIELDS = "Twilio-Verify-Signature-Fields";

// Seconds that a JWT is good for.
const JWT_TIME = 600;

// Browsers have keys on pages that came by TLS or from the machine itself.
export const canEnrol = Boolean(globalThis.crypto?.subtle && globalThis.indexedDB);

const utf8 = (text) => new TextEncoder().encode(text);
const base64 = (bytes) => btoa(String.fromCharCode(...bytes));
const base64url = (bytes) => base64(bytes).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const signature = async (key, text) => new Uint8Array(await crypto.subtle.sign(ES256, key, utf8(text)));

// ASN.1 of R and S, each without zeros before it but for one that keeps it positive.
function der(raw) {
  const integer = (bytes) => {
    const first = bytes.findIndex((byte) => byte !== 0);
    const value = [...bytes.slice(first)];
    if (value[0] > 0x7f) value.unshift(0);
    return [2, value.length, ...value];
  };
  const both = [...integer(raw.slice(0, 32)), ...integer(raw.slice(32))];
  return new Uint8Array([0x30, both.length, ...both]);
}

// A compact JWS (RFC 7515), of which `crypto.subtle` makes the signature as R and S already.
async function jws(key, header, payload, spoilt = false) {
  const parts = [{ ...header, typ: "JWT", alg: "ES256" }, payload].map((part) => base64url(utf8(JSON.stringify(part))));
  const signed = await signature(key, parts.join("."));
  if (spoilt) signed[63] ^= 1;
  return [...parts, base64url(signed)].join(".");
}

const entityPath = (phone) => `/v2/Services/${phone.service}/Entities/${encodeURIComponent(phone.identity)}`;
const factorPath = (phone) => `${entityPath(phone)}/Factors/${phone.sid}`;

// Makes a key, and with an Access Token a Factor of it.
export async function enrol(place, accessToken, name) {
  const { privateKey, publicKey } = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
  const spki = new Uint8Array(await crypto.subtle.exportKey("spki", publicKey));
  const form = [
    ["FriendlyName", name],
    ["FactorType", "push"],
    ["Binding.PublicKey", base64(spki)],
    ["Binding.Alg", "ES256"],
    ["Config.SdkVersion", "1.0.0"],
    ["Config.AppId", "console"],
    ["Config.NotificationPlatform", "none"],
  ];
  const path = `${entityPath(place)}/Factors`;
  const { body } = await send({ method: "POST", path, form }, basic("token", accessToken));
  return {
    sid: body.sid,
    account: body.account_sid,
    service: body.service_sid,
    identity: body.identity,
    credential: body.config.credential_sid,
    name: body.friendly_name,
    key: privateKey,
    correction: 0,
  };
}

// Calls with a JWT. Like a device it sets its clock by a 401, and tries once more.
async function call(phone, request) {
  try {
    return await send(request, await authorization(phone));
  } catch (refused) {
    if (!(refused instanceof Refused && refused.status === 401 && refused.date)) throw refused;
    phone.correction = Math.round((new Date(refused.date) - Date.now()) / 1000);
  }
  return send(request, await authorization(phone));
}

async function authorization(phone) {
  const now = Math.floor(Date.now() / 1000) + phone.correction;
  const header = { cty: "twilio-pba;v=1", kid: phone.credential };
  return basic("token", await jws(phone.key, header, { sub: phone.account, exp: now + JWT_TIME, nbf: now }));
}

export const fetchFactor = async (phone) => (await call(phone, { method: "GET", path: factorPath(phone) })).body;

// Proves that it has the key.
export async function verify(phone) {
  const payload = base64(der(await signature(phone.key, phone.sid)));
  return (await call(phone, { method: "POST", path: factorPath(phone), form: [["AuthPayload", payload]] })).body;
}

export async function pending(phone) {
  const query = { FactorSid: phone.sid, Status: "pending", PageSize: 20, Order: "desc" };
  return (await call(phone, { method: "GET", path: `${entityPath(phone)}/Challenges`, query })).body.challenges;
}

// Answers as `approved` or `denied`: the members that a header of the Challenge names are signed, as they came.
export async function answer(phone, sid, status, spoilt) {
  const path = `${entityPath(phone)}/Challenges/${sid}`;
  const { body, headers } = await call(phone, { method: "GET", path });
  const names = headers.get(SIGNATURE_FIELDS);
  if (!names) return body;
  const members = Object.fromEntries(names.split(",").map((name) => [name, body[name]]));
  const payload = await jws(phone.key, {}, { ...members, status }, spoilt);
  return (await call(phone, { method: "POST", path, form: [["AuthPayload", payload]] })).body;
}
