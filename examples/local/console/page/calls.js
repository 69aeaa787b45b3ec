// The calls that this page makes, and how to make the same with curl and with the official Python client.

import { config } from "./api.js";
import { button, copy, el } from "./dom.js";

const service = (place) => `/v2/Services/${place.service}`;
const entity = (place) => `${service(place)}/Entities/${encodeURIComponent(place.identity)}`;
const text = (value) => JSON.stringify(value);
const pythonService = (place) => `client.verify.v2.services(${text(place.service)})`;
const pythonEntity = (place) => `${pythonService(place)}.entities(${text(place.identity)})`;

// Parameters that are numbers, and those that are JSON.
const NUMBERS = /\.(TimeStep|CodeLength|Skew)$/;
const JSONS = /^(Details\.Fields|HiddenDetails|Metadata)$/;

const post = (path, form, python) => ({ method: "POST", path, form: form.filter(([, value]) => value !== ""), python });

export const createService = (form) => post("/v2/Services", form, "client.verify.v2.services.create");

export const createFactor = (place, form) =>
  post(`${entity(place)}/Factors`, form, `${pythonEntity(place)}.new_factors.create`);

export const createAccessToken = (place, form) =>
  post(`${service(place)}/AccessTokens`, form, `${pythonService(place)}.access_tokens.create`);

export const createChallenge = (place, form) =>
  post(`${entity(place)}/Challenges`, form, `${pythonEntity(place)}.challenges.create`);

export const updateFactor = (place, sid, form) =>
  post(`${entity(place)}/Factors/${sid}`, form, `${pythonEntity(place)}.factors(${text(sid)}).update`);

export const answerChallenge = (place, sid, form) =>
  post(`${entity(place)}/Challenges/${sid}`, form, `${pythonEntity(place)}.challenges(${text(sid)}).update`);

export const deleteFactor = (place, sid) => ({ method: "DELETE", path: `${entity(place)}/Factors/${sid}` });

export const listFactors = (place) => `${entity(place)}/Factors`;

export const listChallenges = (place) => `${entity(place)}/Challenges`;

export function curl({ path, form }) {
  const quoted = (value) => `'${value.replaceAll("'", "'\\''")}'`;
  const lines = [`curl ${location.origin}${path}`, `-u ${config.account_sid}:${config.auth_token}`];
  return lines.concat(form.map(([name, value]) => `--data-urlencode ${quoted(`${name}=${value}`)}`)).join(" \\\n  ");
}

export function python({ form, python }) {
  const arguments_ = new Map();
  for (const [name, value] of form) {
    const written = NUMBERS.test(name) && /^\d+$/.test(value) || JSONS.test(name) && isJson(value) ? value : text(value);
    arguments_.set(name, [...(arguments_.get(name) ?? []), written]);
  }
  const lines = [...arguments_].map(([name, values]) => {
    const value = name === "Details.Fields" ? `[${values.join(", ")}]` : values[0];
    return `    ${snake(name)}=${value},\n`;
  });
  return `from twilio.rest import Client

client = Client(${text(config.account_sid)}, ${text(config.auth_token)})
client.verify.base_url = ${text(location.origin)}
made = ${python}(
${lines.join("")})
print(made.sid)
`;
}

// `Details.Message` is `details_message` there.
const snake = (name) => name.replace(/\./g, "").replace(/(?<=[a-z])(?=[A-Z])/g, "_").toLowerCase();

// An object of strings is the same in Python.
function isJson(value) {
  try {
    return Object.values(JSON.parse(value)).every((member) => typeof member === "string");
  } catch {
    return false;
  }
}

// Copies a call as it is when asked to.
export const copies = (call, what) => el("div", { class: "copies" },
  button("Copy as curl", () => copy(curl(call()), "it as curl"), { class: "small", "aria-label": `Copy as curl: ${what}` }),
  button("as Python", () => copy(python(call()), "it as Python"), { class: "small", "aria-label": `Copy as Python: ${what}` }));
