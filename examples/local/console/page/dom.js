// Elements. What is data becomes text, and never markup.

export const at = (id) => document.getElementById(id);

export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child != null && child !== false));
  return element;
}

export const button = (text, click, properties = {}) => el("button", { type: "button", click, ...properties }, text);

export const badge = (status) => el("span", { class: `badge ${status}` }, status);

// A label and what it is for, which has the name of the parameter.
export function field(label, input, hint) {
  input.id ||= `field-${field.number = (field.number ?? 0) + 1}`;
  if (hint) input.setAttribute("aria-describedby", `${input.id}-hint`);
  const told = hint && el("span", { class: "hint", id: `${input.id}-hint` }, hint);
  return el("div", { class: "field" }, el("label", { for: input.id }, label), input, told);
}

// Names and what they are.
export const pairs = (properties, entries) =>
  el("dl", properties, entries.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));

// A text to be copied.
export const code = (text, what) => el("span", { class: "copied" }, el("code", {}, text),
  button("Copy", () => copy(text, what), { class: "small", "aria-label": `Copy ${what}` }));

export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // No browser has it on a page of the network without TLS; the old way works there.
    const before = document.activeElement;
    const area = el("textarea", { readonly: true }, text);
    (document.querySelector("dialog[open]") ?? document.body).append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    before?.focus();
  }
  say(`Copied ${what}.`);
}

// Says something to who sees and to who hears.
export function say(text, refused = false) {
  const said = at("said");
  said.textContent = text;
  said.classList.toggle("refused", refused);
  said.classList.add("shown");
  clearTimeout(say.timer);
  say.timer = setTimeout(() => said.classList.remove("shown"), 6000);
}

// Shows items in their order. What didn't change stays, with the focus and with what was typed into it.
export function show(parent, items, key, make, empty) {
  const before = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  const shown = items.map((item) => {
    const text = JSON.stringify(item);
    const old = before.get(key(item));
    if (old?.shownText === text) return old;
    const made = make(item, old);
    made.dataset.key = key(item);
    made.shownText = text;
    if (old?.contains(document.activeElement)) made.heir = document.activeElement.dataset.act ?? "";
    return made;
  });
  if (!shown.length && empty) {
    const told = before.get("none") ?? el("p", { class: "quiet", "data-key": "none" }, empty);
    told.textContent = empty;
    shown.push(told);
  }
  // First, as who is moved loses the focus.
  for (const child of [...parent.children]) if (!shown.includes(child)) child.remove();
  shown.forEach((child, place) => {
    if (parent.children[place] !== child) parent.insertBefore(child, parent.children[place] ?? null);
  });
  // The focus goes to what took the place of what had it.
  for (const child of shown.filter((child) => child.heir != null)) {
    const heir = child.heir && child.querySelector(`[data-act="${child.heir}"]`);
    (heir || child.querySelector("[tabindex], button, input"))?.focus();
    delete child.heir;
  }
}

export const time = (date) => new Date(date).toLocaleTimeString([], { hour12: false });

// The seconds until a date, as a clock shows them.
export function left(date, now = Date.now()) {
  const seconds = Math.max(0, Math.ceil((new Date(date) - now) / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
