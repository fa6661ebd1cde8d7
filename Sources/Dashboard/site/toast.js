// A word that something was done, for eyes and screen readers, gone after a while.

const place = () => document.getElementById("toast");
let timer;

export function toast(text) {
  clearTimeout(timer);
  place().textContent = text;
  place().classList.add("shown");
  timer = setTimeout(() => place().classList.remove("shown"), 3500);
}
