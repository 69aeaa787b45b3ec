// Calls to the API, at the origin of this page.

export const config = await (await fetch("/console/config")).json();

export const basic = (user, password) => `Basic ${btoa(`${user}:${password}`)}`;

const account = basic(config.account_sid, config.auth_token);

export class Refused extends Error {
  constructor(status, body, date) {
    super(`${status} ${body.code ?? ""}: ${body.message ?? "no answer of the API"}`);
    this.status = status;
    this.date = date;
    this.code = body.code;
    this.parameters = body.details?.parameters ?? [];
  }
}

export async function send({ method, path, query, form }, authorization = account) {
  const headers = { Authorization: authorization };
  // Reads are left out of the log, see mod.rs.
  if (method === "GET") headers["X-Console"] = "read";
  const target = query ? `${path}?${new URLSearchParams(query)}` : path;
  const body = form && new URLSearchParams(form);
  // Or else a 401 would have the browser ask for a password.
  const answer = await fetch(target, { method, headers, body, credentials: "omit" });
  const text = await answer.text();
  const json = text ? JSON.parse(text) : {};
  if (!answer.ok) throw new Refused(answer.status, json, answer.headers.get("Date"));
  return { body: json, headers: answer.headers };
}

// The first page of a list.
export async function list(path, key, query = {}) {
  const { body } = await send({ method: "GET", path, query: { PageSize: 200, ...query } });
  return { items: body[key], more: Boolean(body.meta.next_page_url) };
}
