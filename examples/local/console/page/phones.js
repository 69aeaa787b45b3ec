// The phones of this browser: what waits for them, and their answers.

import { Refused } from "./api.js";
import { asked, countdown } from "./challenges.js";
import { at, badge, button, code, el, pairs, say, show, time } from "./dom.js";
import * as keyring from "./keyring.js";
import * as phone from "./phone.js";

// What a phone said last, by its SID.
const told = {};

const spoilt = new Set();

let announced = new Set();

export async function enrol(place, accessToken, name) {
  const made = await phone.enrol(place, accessToken, name);
  // It is lost without its key, so that comes first.
  await keyring.keep(made);
  const { status } = await phone.verify(made);
  say(`The phone ${made.name} is ${status}.`);
  return { sid: made.sid, identity: made.identity, service_sid: made.service };
}

export async function showPhones() {
  const phones = phone.canEnrol ? await keyring.all() : [];
  const items = await Promise.all(phones.map(async (kept) => ({ ...await state(kept), told: told[kept.sid] })));
  const waiting = items.flatMap(({ challenges }) => challenges);
  for (const { sid, details } of waiting.filter(({ sid }) => !announced.has(sid))) say(`A Challenge waits on the phone: ${details.message}`);
  announced = new Set(waiting.map(({ sid }) => sid));
  document.title = `${waiting.length ? `(${waiting.length}) ` : ""}verify-factors on this machine`;
  show(at("phones"), items, ({ sid }) => sid, (item) => card(item, phones.find(({ sid }) => sid === item.sid)), phone.canEnrol
    ? "No phone yet. Enrol this browser as one: its key stays here, and it says yes and no like a phone does."
    : "Browsers make keys on pages of this machine alone, or that come by TLS: open this one at http://127.0.0.1.");
}

// As the phone learns it, and not the account.
async function state(kept) {
  const { sid, name, identity } = kept;
  try {
    const { status } = await phone.fetchFactor(kept);
    return { sid, name, identity, status, challenges: status === "verified" ? await phone.pending(kept) : [] };
  } catch (refused) {
    if (refused instanceof Refused && refused.status === 401) return { sid, name, identity, status: "gone", challenges: [] };
    throw refused;
  }
}

function card({ sid, name, identity, status, challenges, told: last }, kept) {
  const id = `phone-${sid}`;
  return el("article", { class: "card phone", "aria-labelledby": id, "data-sid": sid },
    el("header", {}, el("h3", { id, tabindex: "-1" }, name), badge(status)),
    status === "gone" && el("p", {}, "Its Factor is gone, and nobody knows its key any more."),
    status === "unverified" && button("Verify", () => act(sid, () => phone.verify(kept)), { "data-act": "verify" }),
    status === "verified" && !challenges.length && el("p", { class: "quiet" }, "Nothing waits."),
    challenges.map((challenge) => waiting(challenge, kept)),
    last && el("p", { class: last.refused ? "last refused" : "last" }, last.text),
    el("details", { open: spoilt.has(sid) }, el("summary", { "data-act": "more" }, "More"),
      pairs({ class: "facts" }, [["Factor", code(sid, "the phone’s Factor SID")], ["Identity", el("code", {}, identity)]]),
      status === "verified" && el("label", { class: "check" }, el("input", {
        type: "checkbox", "data-act": "spoil", checked: spoilt.has(sid),
        change: ({ target }) => target.checked ? spoilt.add(sid) : spoilt.delete(sid),
      }), " Spoil its signatures, to see them refused"),
      el("div", { class: "actions" }, button("Forget this phone", () => forget(sid, name), { class: "small quiet", "data-act": "forget" }))));
}

function waiting(challenge, kept) {
  const answer = (text, status, properties) => button(text, () => act(kept.sid, async () => {
    const { status: became } = await phone.answer(kept, challenge.sid, status, spoilt.has(kept.sid));
    return { status: became };
  }), { ...properties, "data-act": `${status}-${challenge.sid}` });
  return el("section", { class: "waiting", "aria-label": "A Challenge waits", "data-sid": challenge.sid },
    el("h4", {}, challenge.details.message), asked(challenge.details),
    el("p", { class: "quiet" }, "Time left: ", countdown(challenge)),
    el("div", { class: "actions" }, answer("Approve", "approved", { class: "approve" }), answer("Deny", "denied", { class: "deny" })));
}

// Has the phone do something, and says what came of it where the phone is, too.
async function act(sid, doing) {
  try {
    const { status } = await doing();
    told[sid] = { text: `${time(Date.now())}: ${status}.`, refused: false };
    say(`The phone’s answer was taken: ${status}.`);
  } catch (refused) {
    if (!(refused instanceof Refused)) throw refused;
    const why = refused.code === 60324 || refused.code === 60311 ? "the signature was refused" : "refused";
    told[sid] = { text: `${time(Date.now())}: ${why}, ${refused.message}`, refused: true };
    say(`The phone’s answer was not taken: ${why}.`, true);
  }
  await showPhones();
}

async function forget(sid, name) {
  if (!confirm(`Forget the key of “${name}”? Its Factor stays.`)) return;
  await keyring.forget(sid);
  await showPhones();
}
