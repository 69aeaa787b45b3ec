// Services and Entities: which ones there are, and which one is looked at. The address of the page says it, so that it can be kept.

import { config, list, send } from "./api.js";
import { at, el, show } from "./dom.js";

// What the address says.
function here() {
  const [service, identity] = location.hash.slice(1).split("/");
  if (!service.startsWith("VA")) return { service: config.service_sid, identity: config.identity };
  return { service, identity: decodeURIComponent(identity ?? "") };
}

async function isThere(service) {
  try {
    await send({ method: "GET", path: `/v2/Services/${service}` });
    return true;
  } catch (refused) {
    if (refused.status === 404) return false;
    throw refused;
  }
}

const address = (service, identity = "") => `#${service}/${encodeURIComponent(identity)}`;

export function go({ service, identity }) {
  location.hash = address(service, identity);
}

const pick = (href, name, sid, current) => el("li", {},
  el("a", { href, "aria-current": current ? "true" : null, "data-act": "pick" }, el("span", {}, name), el("code", {}, sid)));

export async function showPlaces() {
  const place = here();
  const services = await list("/v2/Services", "services");
  const known = services.items.some(({ sid }) => sid === place.service) || services.more && await isThere(place.service);
  const entities = known ? await list(`/v2/Services/${place.service}/Entities`, "entities") : { items: [] };
  // A Service alone was chosen.
  if (!place.identity) place.identity = entities.items[0]?.identity ?? "";
  show(at("services"), services.items.map((service) => [service.sid, service.friendly_name, service.sid === place.service]),
    ([sid]) => sid, ([sid, name, current]) => pick(address(sid), name, sid, current));
  show(at("entities"), entities.items.map((entity) => [entity.identity, entity.sid, entity.identity === place.identity]),
    ([identity]) => identity, ([identity, sid, current]) => pick(address(place.service, identity), identity, sid, current),
    "None yet. The first Factor of an Identity makes one.");
  at("entities").classList.toggle("more", entities.more);
  at("services").classList.toggle("more", services.more);
  return { ...place, known };
}
