/** The buttons of the checkout's page. Tells the page that opened it how it went; asks only its own server. */
const query = new URLSearchParams(location.search);
const byId = (id) => document.getElementById(id);
const buttons = [...document.querySelectorAll("button")];

function tell(message) {
  parent.postMessage(message, query.get("parent") ?? location.origin);
}

async function pay(outcome) {
  const body = new URLSearchParams(query);
  body.set("method", byId("method").value);
  body.set("outcome", outcome);
  for (const button of buttons) button.disabled = true;
  byId("status").textContent = "One moment, please.";
  const answer = await (await fetch("/v1/checkout/pay", { method: "POST", body })).json();
  if (!answer.error) return tell({ kind: "paid", result: answer });
  tell({ kind: "failed", error: answer.error });
  if (query.get("retry") === "no") return tell({ kind: "dismissed" });
  for (const button of buttons) button.disabled = false;
  byId("status").textContent = `The payment failed. ${answer.error.description} You can try again.`;
  byId("pay").focus();
}

const dismiss = () => tell({ kind: "dismissed" });

byId("pay")?.addEventListener("click", () => pay("captured"));
byId("fail")?.addEventListener("click", () => pay("failed"));
byId("cancel").addEventListener("click", dismiss);
addEventListener("keydown", ({ key }) => {
  if (key === "Escape" && query.get("escape") !== "no") dismiss();
});
document.addEventListener("click", ({ target }) => {
  if (query.get("backdrop") === "closes" && !target.closest("main")) dismiss();
});
(byId("pay") ?? byId("cancel")).focus();
// Nothing can be paid here: the page that opened it hears so, as of any failure.
if (byId("refusal")) {
  tell({ kind: "failed", error: { code: "BAD_REQUEST_ERROR", description: byId("refusal").textContent } });
}
