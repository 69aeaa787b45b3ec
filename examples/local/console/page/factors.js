// Factors as the API shows them, and of totp Factors that were created through this server, the QR code and the code that is now.

import { send } from "./api.js";
import * as calls from "./calls.js";
import { attempt } from "./dialogs.js";
import { at, badge, button, code, el, field, pairs, say, show } from "./dom.js";

// By the SID of a Factor: its key URI, its code, and until when it is that.
let codes = {};

// Those of whom the codes are asked for.
let shown = [];

export async function showFactors(place, factors) {
  shown = factors.filter((factor) => factor.factor_type === "totp").map((factor) => factor.sid);
  await fetchCodes();
  const items = factors.map((factor) => ({ factor, uri: codes[factor.sid]?.uri, pixels: codes[factor.sid]?.pixels }));
  show(at("factors"), items, ({ factor }) => factor.sid, (item) => card(place, item), "None yet.");
  tickFactors();
}

async function fetchCodes() {
  codes = shown.length ? await (await fetch(`/console/codes?${shown}`)).json() : {};
  for (const entry of Object.values(codes)) entry.until = Date.now() + entry.milliseconds;
}

// Once a second.
export async function tickFactors() {
  if (Object.values(codes).some(({ until }) => until <= Date.now())) await fetchCodes();
  for (const element of document.querySelectorAll("[data-code]")) {
    const entry = codes[element.dataset.code];
    if (!entry) continue;
    const seconds = Math.max(0, Math.ceil((entry.until - Date.now()) / 1000));
    const [digits, progress, left] = element.children;
    if (digits.textContent !== entry.code) digits.textContent = entry.code;
    progress.value = seconds;
    left.textContent = `${seconds} s left`;
  }
}

function card(place, { factor, uri, pixels }) {
  const totp = factor.factor_type === "totp";
  const id = `name-${factor.sid}`;
  return el("article", { class: "card", "aria-labelledby": id, "data-sid": factor.sid },
    el("header", {}, el("h3", { id, tabindex: "-1" }, factor.friendly_name), badge(factor.factor_type), badge(factor.status),
      button("Delete", () => remove(place, factor), { class: "small end", "aria-label": `Delete ${factor.friendly_name}` })),
    totp && (uri ? key(factor, uri, pixels) : el("p", { class: "quiet" }, "Its key isn’t known here: it wasn’t created through this server since that started.")),
    pairs({ class: "facts" }, [["SID", code(factor.sid, "the Factor’s SID")], ["Configuration", configuration(factor)]]),
    totp && factorCodeForm(place, factor));
}

const configuration = ({ config, factor_type }) => factor_type === "totp"
  ? `${config.alg}, ${config.code_length} digits, every ${config.time_step} s, ± ${config.skew}`
  : `${config.app_id} ${config.sdk_version}, notifications: ${config.notification_platform}`;

// A browser draws an address that it knows without asking, so that another configuration has another one.
const qr = ({ sid, config }) => `/console/qr.svg?${sid}&${config.alg}-${config.code_length}-${config.time_step}`;

const key = (factor, uri, pixels) => el("div", { class: "key" },
  el("img", { src: qr(factor), alt: `QR code of the key URI of ${factor.friendly_name}`, width: pixels, height: pixels }),
  el("div", {},
    el("p", { class: "label", id: `label-${factor.sid}` }, "Its code now"),
    // No live region: it would speak every half minute.
    el("p", { class: "now", "data-code": factor.sid, role: "group", "aria-labelledby": `label-${factor.sid}` },
      el("strong", {}), el("progress", { max: factor.config.time_step, value: 0, "aria-hidden": "true" }), el("span", {})),
    el("div", { class: "uri" }, code(uri, "the key URI"))));

// A code verifies the Factor, or logs in with it once it is verified.
function factorCodeForm(place, factor) {
  const verified = factor.status === "verified";
  const call = (code) => verified
    ? calls.createChallenge(place, [["FactorSid", factor.sid], code])
    : calls.updateFactor(place, factor.sid, [code]);
  const verb = verified ? "Log in" : "Verify";
  return codeForm(`${verb} with a code`, verb, call, `${verb} ${factor.friendly_name}`);
}

// A form for a code, of which `call` makes a request.
export function codeForm(label, verb, call, what) {
  const input = el("input", { name: "AuthPayload", inputmode: "numeric", autocomplete: "off", "data-act": "code" });
  const request = () => call(["AuthPayload", input.value]);
  return el("form", { class: "inline", submit: (event) => {
    event.preventDefault();
    attempt(async () => {
      const { body } = await send(request());
      input.value = "";
      sayOutcome(body);
    });
  } }, field(label, input), el("button", { "data-act": "send" }, verb), calls.copies(request, what));
}

// What came of a code.
function sayOutcome({ status }) {
  const right = status === "verified" || status === "approved";
  say(right ? `The code is right: ${status}.` : `Still ${status}: the code is wrong, or was used before, as it is good once.`, !right);
}

function remove(place, factor) {
  if (!confirm(`Delete the Factor “${factor.friendly_name}”?`)) return;
  attempt(async () => {
    await send(calls.deleteFactor(place, factor.sid));
    say(`Factor ${factor.friendly_name} was deleted.`);
    at("main").focus();
  });
}
