// What is asked before something is made: a form, what is wrong with it, and the same request for elsewhere.

import { Refused, send } from "./api.js";
import * as calls from "./calls.js";
import { at, button, el, field, say } from "./dom.js";

const input = (name, properties = {}) => el("input", { name, autocomplete: "off", spellcheck: "false", ...properties });

const select = (name, options, properties = {}) => el("select", { name, ...properties },
  options.map(([value, text]) => el("option", { value }, text)));

const value = (form, name) => String(new FormData(form).get(name) ?? "");

// Those of these parameters that are in the form.
const parameters = (form, names) => names.map((name) => [name, value(form, name)]);

// Asks in a dialog. `call` is the request of what is in the form, and `act` does it.
function ask({ title, verb, fields, call, act }) {
  const refusal = el("div", { class: "refusal", role: "alert" });
  const [curl, python] = ["curl", "Python"].map((how) => el("pre", { tabindex: "0", "aria-label": `As ${how}` }));
  const form = el("form", { method: "dialog", novalidate: true, submit },
    el("h2", { id: "dialog-heading" }, title), fields, refusal,
    el("div", { class: "actions" },
      el("button", { class: "primary", "data-act": "submit" }, verb),
      button("Cancel", () => dialog.close()),
      calls.copies(() => call(form), title)),
    el("details", {}, el("summary", {}, "The same request elsewhere"), curl, python));
  const dialog = el("dialog", { "aria-labelledby": "dialog-heading", close }, form);

  function close() {
    document.body.append(at("said"));
    dialog.remove();
  }

  function preview() {
    curl.textContent = calls.curl(call(form));
    python.textContent = calls.python(call(form));
  }

  async function submit(event) {
    event.preventDefault();
    refusal.replaceChildren();
    form.querySelectorAll("[aria-invalid]").forEach((element) => element.removeAttribute("aria-invalid"));
    try {
      await act(form);
      dialog.close();
    } catch (refused) {
      tell(refused);
    }
  }

  function tell(refused) {
    const wrong = refused.parameters ?? [];
    // The first of them is the message, too.
    refusal.append(wrong.length > 1
      ? el("ul", {}, wrong.map(({ code, message }) => el("li", {}, `${code} ${message}`)))
      : el("p", {}, `Refused: ${refused.message}`));
    const elements = wrong.map(({ parameter }) => form.elements[parameter]).filter((element) => element?.setAttribute);
    elements.forEach((element) => element.setAttribute("aria-invalid", "true"));
    elements[0]?.focus();
  }

  form.addEventListener("input", preview);
  form.addEventListener("change", preview);
  document.body.append(dialog);
  // What isn't in a dialog that is open is not heard.
  dialog.append(at("said"));
  preview();
  dialog.showModal();
  return form;
}

export function newService(made) {
  const names = ["FriendlyName", "Totp.Issuer", "Totp.TimeStep", "Totp.CodeLength", "Totp.Skew"];
  const call = (form) => calls.createService(parameters(form, names));
  ask({
    title: "New Service",
    verb: "Create",
    fields: [
      field("Name", input("FriendlyName", { maxlength: 32, required: true })),
      el("fieldset", {}, el("legend", {}, "Defaults of its totp Factors"),
        field("Issuer", input("Totp.Issuer"), "What an authenticator app shows; the Service’s name, if empty"),
        el("div", { class: "row" },
          field("Time step, s", input("Totp.TimeStep", { inputmode: "numeric", placeholder: "30" })),
          field("Digits", input("Totp.CodeLength", { inputmode: "numeric", placeholder: "6" })),
          field("Skew, steps", input("Totp.Skew", { inputmode: "numeric", placeholder: "1" })))),
    ],
    call,
    act: async (form) => {
      const { body } = await send(call(form));
      say(`Service ${body.friendly_name} was created.`);
      made(body);
    },
  });
}

// A totp Factor is created by the account. A push Factor is one of the phone in this page, for which the account makes an Access
// Token as a backend would.
export function newFactor(place, type, { enrol, canEnrol, made }) {
  const there = (form) => ({ ...place, identity: value(form, "Identity") });
  const isPush = (form) => value(form, "FactorType") === "push";
  const totp = ["FriendlyName", "FactorType", "Config.Alg", "Config.TimeStep", "Config.CodeLength", "Config.Skew", "Binding.Secret"];
  const call = (form) => isPush(form)
    ? calls.createAccessToken(there(form), parameters(form, ["Identity", "FactorType"]))
    : calls.createFactor(there(form), parameters(form, totp));
  const types = [["totp", "totp: an authenticator app"], ["push", "push: this browser as a phone"]].map(([value, text]) =>
    el("label", { class: "check" }, input("FactorType", { type: "radio", value, checked: value === type, disabled: value === "push" && !canEnrol }), text));
  const totpFields = el("fieldset", {}, el("legend", {}, "Configuration"),
    el("div", { class: "row" },
      field("Algorithm", select("Config.Alg", [["", "default"], ["sha1", "sha1"], ["sha256", "sha256"], ["sha512", "sha512"]])),
      field("Time step, s", input("Config.TimeStep", { inputmode: "numeric", placeholder: "default" })),
      field("Digits", input("Config.CodeLength", { inputmode: "numeric", placeholder: "default" })),
      field("Skew, steps", input("Config.Skew", { inputmode: "numeric", placeholder: "default" }))),
    field("Seed in Base32", input("Binding.Secret", { class: "mono" }), "A random one, if empty"));
  const pushFields = el("div", {},
    field("Access Token", input("Token", { class: "mono" }), "Of your backend; if empty, the page makes one, by the request below"));
  const form = ask({
    title: "New Factor",
    verb: "Create",
    fields: [
      el("fieldset", { class: "choice" }, el("legend", {}, "Type"), types),
      field("Identity", input("Identity", { class: "mono", value: place.identity }), "Of the Entity, which comes to be with its first Factor"),
      field("Name", input("FriendlyName", { value: type === "push" ? "This browser" : "Laptop" })),
      totpFields,
      pushFields,
    ],
    call,
    act: async (form) => {
      const to = there(form);
      if (!isPush(form)) return made((await send(call(form))).body);
      const token = value(form, "Token") || (await send(call(form))).body.token;
      made(await enrol(to, token, value(form, "FriendlyName")));
    },
  });
  const choose = () => {
    totpFields.hidden = isPush(form);
    pushFields.hidden = !isPush(form);
  };
  form.addEventListener("change", choose);
  choose();
}

export function newChallenge(place, factors, made) {
  const isPush = (form) => factors.find(({ sid }) => sid === value(form, "FactorSid"))?.factor_type === "push";
  const call = (form) => {
    const fields = value(form, "Details.Fields").split("\n").filter((line) => line.trim()).map((line) => {
      const [label, ...rest] = line.split(":");
      return ["Details.Fields", JSON.stringify({ label: label.trim(), value: rest.join(":").trim() })];
    });
    const code = isPush(form) ? [] : parameters(form, ["AuthPayload"]);
    return calls.createChallenge(place, [
      ...parameters(form, ["FactorSid", "Details.Message"]), ...fields, ...parameters(form, ["HiddenDetails"]), ...code,
    ]);
  };
  const codeField = field("Code", input("AuthPayload", { inputmode: "numeric" }), "If empty, the Challenge waits for one");
  const form = ask({
    title: "New Challenge",
    verb: "Create",
    fields: [
      field("Factor", select("FactorSid", factors.map((factor) => [factor.sid, `${factor.friendly_name} (${factor.factor_type}, ${factor.status})`]))),
      codeField,
      field("Message", input("Details.Message"), "A push Challenge has to have one"),
      field("Fields", el("textarea", { name: "Details.Fields", rows: 3 }), "Label: value, one a line"),
      field("Hidden details", input("HiddenDetails", { class: "mono", placeholder: '{"ip": "192.0.2.1"}' }), "A JSON object of strings"),
    ],
    call,
    act: async (form) => made((await send(call(form))).body),
  });
  const choose = () => {
    codeField.hidden = isPush(form);
    const message = form.elements["Details.Message"];
    if (isPush(form) && !message.value) message.value = "Do you log in to Owl Bank?";
  };
  form.elements.FactorSid.addEventListener("change", choose);
  // The newest first choice is one that can be asked.
  form.elements.FactorSid.value = (factors.findLast(({ status }) => status === "verified") ?? factors[0]).sid;
  choose();
  form.dispatchEvent(new Event("change"));
}

// Does what a button asks for, and says what came of it.
export async function attempt(act) {
  try {
    await act();
  } catch (refused) {
    if (!(refused instanceof Refused || refused instanceof TypeError)) throw refused;
    say(`Refused: ${refused.message}`, true);
  }
}
