/**
 * The least page that sells an hour, as a frontend developer would write it: supabase-js for the hub, Checkout for the
 * money. It keeps the id of what is being bought, so that a reload goes on where it was.
 */
const { hubUrl, publishableKey, checkoutUrl } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
const hub = supabase.createClient(hubUrl, publishableKey);
const say = (sentence) => document.querySelector("[role=status]").textContent = sentence;
const form = document.querySelector("form");

/** Calls a function; its answer, or its own sentence thrown. */
async function call(name, body) {
  const { data, error } = await hub.functions.invoke(name, { body });
  if (!error) return data;
  const told = await error.context?.json?.().catch(() => undefined);
  throw Object.assign(new Error(told?.error ?? error.message), { code: told?.code });
}

async function confirm(purchaseId, values = {}) {
  for (let asked = 0; asked < 20; asked++) {
    const answer = await call("confirm-payment", { purchaseId, ...values });
    if (answer.status === "paid") return answer;
    say("Your payment is on its way.");
    await new Promise((resolve) => setTimeout(resolve, 200 * answer.retryAfter));
  }
  throw new Error("The bank is slow. Your hours appear by themselves.");
}

async function show({ sessionId, planId, hours }) {
  sessionStorage.removeItem("buying");
  const { data } = await hub.from("user_sessions").select("status, price_paid").eq("id", sessionId).single();
  say(`${hours} h of ${planId}: ${data.status}, paid ₹${data.price_paid}`);
  const link = document.querySelector("#session");
  link.textContent = link.id = sessionId;
  link.hidden = false;
}

async function buy(order) {
  sessionStorage.setItem("buying", JSON.stringify(order));
  const bought = await call("buy-session", order);
  if (bought.status === "paid") return await show(bought);
  const paid = await new Promise((resolve, reject) => {
    const checkout = new Razorpay({
      ...bought.checkout,
      handler: resolve,
      modal: { ondismiss: () => reject(new Error("You left the payment. Nothing was charged.")) },
    });
    checkout.on("payment.failed", ({ error }) => say(`${error.description}`));
    checkout.open();
  });
  await show(await confirm(bought.purchaseId, paid));
}

function start(order) {
  form.hidden = true;
  buy(order).catch((error) => {
    say(error.message);
    form.hidden = false;
  });
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const { plan, hours } = Object.fromEntries(new FormData(form));
  // The same wish is the same purchase, until it is paid.
  const kept = JSON.parse(sessionStorage.getItem("buying") ?? "null");
  const isSame = kept?.planId === plan && kept?.hours === Number(hours);
  start(isSame ? kept : { planId: plan, hours: Number(hours), requestId: crypto.randomUUID() });
});

const script = document.createElement("script");
script.src = checkoutUrl;
script.addEventListener("load", async () => {
  const { data } = await hub.auth.getSession();
  if (!data.session) {
    const { error } = await hub.auth.signUp({
      email: `${crypto.randomUUID()}@example.test`,
      password: "correct horse",
    });
    if (error) return say(error.message);
  }
  const kept = JSON.parse(sessionStorage.getItem("buying") ?? "null");
  if (kept) start(kept);
  else say("Choose a plan.");
});
document.head.append(script);
