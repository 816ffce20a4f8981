/**
 * What the hub's page loads in the place of Razorpay's checkout.js: `new Razorpay(options).open()`. Opens the stand-in's
 * page in a frame and hands back what it says. Knows the documented options of the hub: key, amount, currency, name,
 * description, order_id, prefill, retry, handler, and of modal: ondismiss, escape, backdropclose.
 */
(() => {
  const origin = new URL(document.currentScript.src).origin;

  class Razorpay {
    #options;
    #listeners = [];
    #overlay;
    #frame;
    #focusedBefore;

    constructor(options) {
      for (const name of ["key", "amount", "order_id"]) {
        if (!options?.[name]) throw new Error(`checkout needs the option ${name}`);
      }
      this.#options = options;
    }

    /** Of the real one's events only this is here: "payment.failed". */
    on(event, listener) {
      this.#listeners.push({ event, listener });
    }

    open() {
      if (this.#overlay) return;
      this.#focusedBefore = document.activeElement;
      this.#frame = document.createElement("iframe");
      this.#frame.src = this.#address();
      this.#frame.title = `Payment to ${this.#options.name ?? "the shop"}`;
      this.#overlay = document.createElement("div");
      this.#overlay.setAttribute("role", "dialog");
      this.#overlay.setAttribute("aria-modal", "true");
      this.#overlay.setAttribute("aria-label", "Payment");
      // Set one by one: a page that forbids inline styles allows this.
      Object.assign(this.#overlay.style, {
        position: "fixed",
        inset: "0",
        zIndex: "2147483647",
        background: "rgb(0 0 0 / 60%)",
      });
      Object.assign(this.#frame.style, { width: "100%", height: "100%", border: "0" });
      this.#overlay.append(this.#frame);
      this.#frame.addEventListener("load", () => this.#frame?.focus());
      addEventListener("message", this.#hear);
      document.body.append(this.#overlay);
    }

    /** Closes it from the page's side; nobody is told. */
    close() {
      removeEventListener("message", this.#hear);
      this.#overlay?.remove();
      this.#overlay = this.#frame = undefined;
      this.#focusedBefore?.focus?.();
    }

    #address() {
      const { key, amount, currency = "INR", name = "", description = "", order_id, prefill, modal, retry } =
        this.#options;
      const query = new URLSearchParams({
        key,
        amount,
        currency,
        name,
        description,
        order_id,
        parent: location.origin,
      });
      if (prefill?.email) query.set("email", prefill.email);
      if (prefill?.contact) query.set("contact", prefill.contact);
      if (modal?.escape === false) query.set("escape", "no");
      if (modal?.backdropclose) query.set("backdrop", "closes");
      if (retry?.enabled === false) query.set("retry", "no");
      return `${origin}/v1/checkout/page?${query}`;
    }

    #hear = ({ origin: from, source, data }) => {
      if (from !== origin || source !== this.#frame?.contentWindow) return;
      if (data.kind === "paid") {
        this.close();
        this.#options.handler?.(data.result);
      } else if (data.kind === "failed") {
        for (const { event, listener } of this.#listeners) {
          if (event === "payment.failed") listener({ error: data.error });
        }
      } else if (data.kind === "dismissed") {
        this.close();
        this.#options.modal?.ondismiss?.();
      }
    };
  }

  globalThis.Razorpay = Razorpay;
})();
