// The page: shows what is there, and shows it anew whenever something was done.

import { config, list } from "./api.js";
import { listChallenges, listFactors } from "./calls.js";
import { showChallenges } from "./challenges.js";
import { newChallenge, newFactor, newService } from "./dialogs.js";
import { at, code, left, pairs, say } from "./dom.js";
import { showFactors, tickFactors } from "./factors.js";
import { canEnrol } from "./phone.js";
import { enrol, showPhones } from "./phones.js";
import { go, showPlaces } from "./places.js";
import { addRequests, emptyRequests, filterRequests } from "./requests.js";

// Milliseconds after which it looks, though nothing was done here: another process may write the table.
const LOOK = 30_000;

// Challenges that are shown.
const LATEST = 20;

// What is looked at: a Service and an Entity, and the Factors of that.
let place = {};
let factors = [];

let refreshing;
let again = false;

// Shows all anew; what is asked for meanwhile is done once, afterwards.
function refresh() {
  again = true;
  refreshing ??= (async () => {
    try {
      while (again) {
        again = false;
        await Promise.all([showEntity(), showPhones()]);
      }
    } catch (failure) {
      say(`The page couldn’t be brought up to date: ${failure.message}`, true);
    } finally {
      refreshing = undefined;
    }
  })();
  return refreshing;
}

async function showEntity() {
  place = await showPlaces();
  const { known } = place;
  const [found, challenges] = known && place.identity ? await Promise.all([
    list(listFactors(place), "factors"),
    list(listChallenges(place), "challenges", { Order: "desc", PageSize: LATEST }),
  ]) : [{ items: [] }, { items: [] }];
  factors = found.items;
  at("place").textContent = known ? (place.identity ? `Entity ${place.identity}` : "No Entity yet") : "This Service is gone; choose another.";
  at("new-factor").disabled = at("new-phone").disabled = !known;
  at("new-phone").disabled ||= !canEnrol;
  at("new-challenge").disabled = !factors.length;
  await showFactors(place, factors);
  showChallenges(place, challenges, factors);
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// Waits for what is done, as long as the page is open.
async function follow() {
  let run;
  let last;
  for (;;) {
    try {
      const done = await (await fetch(`/console/requests?${run}.${last}`)).json();
      // Another run of the server has a log of its own.
      if (done.run !== run) emptyRequests();
      ({ run, last } = done);
      at("connection").textContent = "Up to date by itself";
      at("connection").classList.remove("refused");
      addRequests(done.requests);
      await refresh();
      // However much is done, it is looked at now and then.
      await pause(200);
    } catch {
      at("connection").textContent = "The server doesn’t answer";
      at("connection").classList.add("refused");
      await pause(1000);
    }
  }
}

function tick() {
  tickFactors().catch(() => {});
  let over = false;
  for (const element of document.querySelectorAll("[data-until]")) {
    element.textContent = left(element.dataset.until);
    over ||= new Date(element.dataset.until) <= Date.now();
  }
  if (over) refresh();
}

const made = ({ service_sid, identity, sid }) => {
  go({ service: service_sid, identity });
  say(`Factor ${sid} was created.`);
};

const askForFactor = (type) =>
  newFactor({ ...place, identity: place.identity || config.identity }, type, { enrol, canEnrol, made });

at("new-service").addEventListener("click", () => newService(({ sid }) => go({ service: sid })));
at("new-factor").addEventListener("click", () => askForFactor("totp"));
at("new-phone").addEventListener("click", () => askForFactor("push"));
at("new-challenge").addEventListener("click", () => newChallenge(place, factors, ({ status }) => say(`The Challenge was created: ${status}.`)));
at("refused-only").addEventListener("change", ({ target }) => filterRequests(target.checked));
document.querySelector(".skip").addEventListener("click", (event) => {
  // The address says what is looked at.
  event.preventDefault();
  at("main").focus();
});
addEventListener("hashchange", refresh);

at("access").replaceWith(pairs({ id: "access", class: "access" }, [
  ["API", code(location.origin, "the API’s address")],
  ["Account SID", code(config.account_sid, "the Account SID")],
  ["Auth Token", code(config.auth_token, "the Auth Token")],
]));
setInterval(tick, 1000);
setInterval(refresh, LOOK);
follow();
