// Passkeys: what the page asks the browser's authenticator, and what it answers, in a form.
"use strict";
(() => {
  const form = document.querySelector("form[data-passkey]");
  if (!form || !window.PublicKeyCredential || !navigator.credentials) return;
  const bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const named = (list) => (list || []).map((each) => ({ ...each, id: bytes(each.id) }));

  async function ask() {
    const options = await (await fetch(form.dataset.options)).json();
    options.challenge = bytes(options.challenge);
    options.allowCredentials = named(options.allowCredentials);
    options.excludeCredentials = named(options.excludeCredentials);
    if (options.user) options.user.id = bytes(options.user.id);
    return navigator.credentials[form.dataset.passkey]({ publicKey: options });
  }

  function told(credential) {
    const { response } = credential;
    const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
    const found = parts.filter((name) => response[name]).map((name) => [name, text(response[name])]);
    return JSON.stringify({
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      response: Object.fromEntries(found),
    });
  }

  form.hidden = false;
  const warning = form.querySelector("[role=alert]");
  const button = form.querySelector("button");
  button.addEventListener("click", async () => {
    if (!form.reportValidity()) return;
    warning.hidden = true;
    button.disabled = true;
    try {
      form.elements.resposta.value = told(await ask());
      form.requestSubmit();
    } catch {
      warning.hidden = false;
    } finally {
      button.disabled = false;
    }
  });
})();
