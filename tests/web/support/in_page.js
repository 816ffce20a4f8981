/** What tests have a page do itself. Each function is sent there alone, so none may use anything of another. */

/** Notes when words first stand in the page, by its own clock: `seenAt`. */
export function watchForWords(words) {
  const look = () => {
    if (!document.body.innerText.includes(words)) return;
    Object.assign(globalThis, { seenAt: Date.now() });
    observer.disconnect();
  };
  const observer = new MutationObserver(look);
  observer.observe(document.body, { subtree: true, childList: true, characterData: true });
}

/** What makes the page wider than its window: the elements that stand out at its side, by class and width. */
export function overflow() {
  const { clientWidth, scrollWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  const wide = [...document.querySelectorAll("body *")].filter((one) =>
    one.getBoundingClientRect().right > clientWidth + 1
  );
  return wide.slice(0, 5).map((one) =>
    `${one.tagName}.${one.getAttribute("class")} ${one.getBoundingClientRect().right}`
  );
}

/** Notes from the first moment on what shifts, when the prompt can be typed into, and what holds up typing. */
export function measure() {
  const noted = { shift: 0, shifts: [], interactiveMs: 0, typingTasks: [], typedAt: 0 };
  Object.assign(globalThis, { noted });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      // What a person sets off himself may move what is below.
      if (entry.hadRecentInput) continue;
      noted.shift += entry.value;
      noted.shifts.push(...entry.sources.map(({ node }) => node?.className ?? String(node)));
    }
  }).observe({ type: "layout-shift", buffered: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (noted.typedAt !== 0 && entry.startTime >= noted.typedAt - 1) noted.typingTasks.push(entry.duration);
    }
  }).observe({ type: "longtask" });
  addEventListener("keydown", (event) => {
    if (event.key.length === 1) noted.typedAt ||= event.timeStamp;
  }, true);
  const look = () => {
    const button = document.querySelector(".send");
    if (document.querySelector("#prompt") && button && !button.hasAttribute("aria-disabled")) {
      noted.interactiveMs = performance.now();
    } else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

/** What was noted. */
export function measured() {
  return globalThis.noted;
}

/** Notes what holds up the page from now on. */
export function watchTasks() {
  const tasks = [];
  Object.assign(globalThis, { tasks });
  new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: "longtask" });
}

/** Scrolls so many pixels in each of so many frames: frames a second, the longest one and the tasks over 50 ms, in ms. */
export async function scrollThrough({ step, frames }) {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  globalThis.tasks.length = 0;
  const began = await frame();
  let [last, longest] = [began, 0];
  for (let count = 0; count < frames; count++) {
    scrollBy(0, step);
    const now = await frame();
    longest = Math.max(longest, now - last);
    last = now;
  }
  // The last task is told of in the next one.
  await new Promise((resolve) => setTimeout(resolve));
  return { frames: frames * 1_000 / (last - began), longest, long: [...globalThis.tasks] };
}
