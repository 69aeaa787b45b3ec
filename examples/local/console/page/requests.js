// The log of requests: what came, what was answered, and of what was refused the reason.

import { at, el, time } from "./dom.js";

const KEPT = 200;

// What a code or a signature came to, where the status alone doesn't say it.
const WHY = {
  wrong: "The code is wrong, and was counted.",
  replayed: "The code was used before, and was counted: a code is good once.",
  bad_signature: "The signature, or what was signed, is not right.",
};

const isRefused = ({ status, outcome }) => status >= 400 || outcome in WHY;

export function addRequests(requests) {
  const log = at("requests");
  log.prepend(...requests.map(entry).reverse());
  while (log.children.length > KEPT) log.lastChild.remove();
}

export const emptyRequests = () => at("requests").replaceChildren();

export function filterRequests(refusedOnly) {
  at("requests").classList.toggle("refused-only", refusedOnly);
}

function entry(request) {
  const refused = isRefused(request);
  const notes = [request.caller && `by ${request.caller}`, request.claimed && `by nobody, as ${request.claimed}`, request.became, request.outcome !== request.became && request.outcome,
    request.replayed && "a retry", request.duration_ms != null && `${request.duration_ms.toFixed(1)} ms`].filter(Boolean);
  return el("li", { class: refused ? "refused" : "done", value: request.number, "data-status": request.status },
    el("div", { class: "line" },
      el("time", { datetime: request.at }, time(request.at)),
      el("span", { class: "status" }, request.status),
      el("strong", {}, request.operation ?? request.method),
      el("span", { class: "notes" }, notes.join(" · "))),
    el("code", {}, `${request.method} ${request.path}${request.sid && !request.path.endsWith(request.sid) ? ` → ${request.sid}` : ""}`),
    reasons(request));
}

function reasons({ status, code, message, details, outcome }) {
  const why = WHY[outcome];
  if (status < 400) return why && el("p", { class: "why" }, why);
  // The first of them is the message, too.
  if (details?.length > 1) return el("ul", { class: "why" }, details.map((wrong) => el("li", {}, `${wrong.code} ${wrong.message}`)));
  return el("p", { class: "why" }, [code, message, why].filter(Boolean).join(" "));
}
