// Challenges as the API shows them, the newest first.

import * as calls from "./calls.js";
import { codeForm } from "./factors.js";
import { at, badge, code, el, left, pairs, show, time } from "./dom.js";

export function showChallenges(place, { items: challenges, more }, factors) {
  const names = Object.fromEntries(factors.map((factor) => [factor.sid, factor.friendly_name]));
  const items = challenges.map((challenge) => ({ challenge, factor: names[challenge.factor_sid] ?? "a Factor that is gone" }));
  show(at("challenges"), items, ({ challenge }) => challenge.sid, (item) => card(place, item), "None yet.");
  at("challenges").classList.toggle("more", Boolean(more));
}

// What is asked, as a user sees it.
export const asked = (details) => details?.fields.length
  ? pairs({ class: "asked" }, details.fields.map(({ label, value }) => [label, value])) : null;

// The time that is left, which `tick` in main.js keeps right.
export const countdown = (challenge) =>
  el("span", { "data-until": challenge.expiration_date }, left(challenge.expiration_date));

function card(place, { challenge, factor }) {
  const id = `name-${challenge.sid}`;
  const { details, status, factor_type } = challenge;
  const when = status === "pending" ? ["Time left", countdown(challenge)]
    : challenge.date_responded ? ["Answered", time(challenge.date_responded)] : ["Expired", time(challenge.expiration_date)];
  return el("article", { class: "card", "aria-labelledby": id, "data-sid": challenge.sid },
    el("header", {}, el("h3", { id, tabindex: "-1" }, details?.message ?? `A login with ${factor}`), badge(factor_type), badge(status)),
    asked(details),
    pairs({ class: "facts" }, [
      ["SID", code(challenge.sid, "the Challenge’s SID")], ["Factor", factor], ["Created", time(challenge.date_created)], when,
      ...(challenge.hidden_details ? [["Hidden details", el("code", {}, JSON.stringify(challenge.hidden_details))]] : []),
    ]),
    status === "pending" && factor_type === "totp" && codeForm("Answer with a code", "Answer",
      (code) => calls.answerChallenge(place, challenge.sid, [code]), "answer"));
}
