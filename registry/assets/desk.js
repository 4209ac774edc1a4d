// The desk's own script. Every page works without it; with it nothing that is typed into a checklist waits for a button, and
// a broken connection, a lost session or a second editor loses nothing.

const DRAFT = "akashi-draft:";

document.getElementById("fault")?.focus();

for (const form of document.querySelectorAll("form.sheet")) sheet(form);
for (const form of document.querySelectorAll("form.upload")) upload(form);
document.querySelector("form.sign-out")?.addEventListener("submit", forget);

/** What was typed and not sent yet lies in this browser, under the account that typed it. Signing out takes it away. */
function forget(event) {
  const left = Object.keys(localStorage).filter((key) => key.startsWith(DRAFT));
  const lost = document.querySelector("form.sheet")?.dataset.unsent ?? "";
  if (left.length > 0 && !confirm(`${lost} (${left.length})`)) return event.preventDefault();
  for (const key of left) localStorage.removeItem(key);
}

/** A section of the checklist: each pair of criterion and facility is saved by itself, as soon as it is complete. */
function sheet(form) {
  const words = form.dataset;
  const [account] = form.elements._form.value.split(".");
  const state = form.querySelector(".sheet-state");
  const pairs = [...form.querySelectorAll("fieldset.pair:not(:disabled)")].map(pair);
  if (!state) return;
  addEventListener("online", () => pairs.forEach((one) => one.retry()));
  setInterval(() => pairs.forEach((one) => one.retry()), 15_000);
  for (const one of pairs) one.restore();

  // What is complete is sent and answered for before the page goes: two ways of one entry never cross.
  let leaving = false;
  form.addEventListener("submit", async (event) => {
    if (leaving) return;
    event.preventDefault();
    await Promise.all(pairs.map((one) => one.settled()));
    // A form that is asked for while it tells of its sending is not sent.
    await new Promise((soon) => setTimeout(soon));
    leaving = true;
    form.requestSubmit(event.submitter);
  });

  function tell() {
    const unsent = pairs.filter((one) => one.isUnsent()).length;
    state.textContent = unsent > 0 ? `${words.unsent}: ${unsent}` : "";
  }

  function pair(box) {
    const key = box.dataset.key;
    const place = `${DRAFT}${account}:${location.pathname}:${key}`;
    const said = box.querySelector(".pair-state");
    const field = (letter) => form.elements[`${letter}.${key}`];
    const read = () => ({
      v: field("v")?.value ?? "", g: field("g")?.value ?? "", r: field("r").value, s: field("s").value,
    });
    const same = (one, other) => one.v === other.v && one.g === other.g && one.r.trim() === other.r.trim();
    // A suggestion is nothing that stands: it is sent like anything typed.
    let sent = box.classList.contains("given") ? read() : { v: "", g: "", r: "", s: "0" };
    let busy, failed = false, clock;

    const say = (text, kind = "") => {
      said.textContent = text;
      said.className = `pair-state quiet ${kind}`;
    };
    const isUnsent = () => localStorage.getItem(place) !== null;

    box.addEventListener("input", (event) => {
      // What is suggested as the reason that it does not apply is none for any other rating.
      const words = field("r");
      if (event.target.type === "radio" && field("v").value !== "not_applicable" && words.value === words.dataset.suggested) words.value = "";
      const now = read();
      try { localStorage.setItem(place, JSON.stringify(now)); } catch { /* full or forbidden: it is sent all the same */ }
      clearTimeout(clock);
      clock = setTimeout(save, event.target.tagName === "TEXTAREA" ? 1500 : 200);
      tell();
    });
    box.addEventListener("focusout", save);

    function restore() {
      let kept;
      try { kept = JSON.parse(localStorage.getItem(place)); } catch { return; }
      if (!kept) return;
      if (same(kept, read())) return void localStorage.removeItem(place);
      for (const letter of ["v", "g", "r"]) if (field(letter)) field(letter).value = kept[letter];
      // What was seen when it was typed: had somebody changed it since, the registry says so.
      field("s").value = kept.s;
      say(words.restored);
      save();
    }

    function save() {
      clearTimeout(clock);
      busy ??= send().finally(() => { busy = undefined; });
      return busy;
    }

    async function send() {
      const now = read();
      if ( !isUnsent() || same(now, sent)) return;
      if (now.v === "" || (box.querySelector(".ground, .choice-major") && now.r.trim() === "")) return say(words.incomplete);
      if (now.v === "not_applicable" && field("g") && now.g === "") return say(words.incomplete);
      say(words.saving);
      const body = new URLSearchParams({ _form: `${account}.${crypto.randomUUID()}`, _lang: form.elements._lang.value });
      for (const letter of "vgrs") body.set(`${letter}.${key}`, now[letter]);
      try {
        const answer = await fetch(form.action, { method: "POST", body, headers: { accept: "application/json" } });
        failed = false;
        if (answer.status === 401) return say(words.lost, "no");
        const told = await answer.json();
        if (!answer.ok) return say(told.title ?? words.unsent, "no");
        take(told, now);
      } catch {
        failed = true;
        say(words.unsent, "no");
      } finally {
        tell();
        // Typed on meanwhile.
        if (!failed && isUnsent() && !same(read(), now)) clock = setTimeout(save, 200);
      }
    }

    async function settled() {
      await busy;
      await save();
    }

    function take(told, now) {
      const saved = told.saved.find((one) => one.key === key);
      const held = told.held.find((one) => one.key === key);
      if (held) return held.other ? overtaken(held) : say(held.why);
      if (saved) field("s").value = saved.seen;
      sent = now;
      if (same(read(), now)) localStorage.removeItem(place);
      box.classList.add("given");
      box.classList.remove("held");
      box.querySelector(".other")?.remove();
      say(words.saved, "yes");
    }

    function overtaken(held) {
      box.classList.add("held");
      let other = box.querySelector(".other");
      if (!other) {
        other = document.createElement("p");
        other.className = "other";
        said.before(other);
      }
      other.textContent = held.other;
      const button = (text, act) => {
        const made = document.createElement("button");
        made.type = "button";
        made.className = "second small";
        made.textContent = text;
        made.addEventListener("click", act);
        return made;
      };
      const keep = button(words.keep, () => { field("s").value = held.seen; sent = { v: "", g: "", r: "", s: "0" }; save(); });
      const leave = button(words.take, () => { localStorage.removeItem(place); location.reload(); });
      other.append(document.createElement("br"), keep, " ", leave);
      say(held.why, "no");
    }

    return { restore, isUnsent, settled, retry: () => { if (isUnsent() && !box.classList.contains("held")) save(); } };
  }
}

/** Files: chosen, dropped or photographed, shown before they go, with progress; what breaks off can be sent again. */
function upload(form) {
  const input = form.elements.files;
  const drop = form.querySelector(".drop");
  const chosen = form.querySelector(".chosen");
  const status = form.querySelector(".sending");
  const say = (text, kind = "") => {
    status.hidden = false;
    status.className = `sending ${kind}`;
    status.textContent = text;
  };
  input.addEventListener("change", show);
  for (const name of ["dragover", "dragleave", "drop"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.toggle("over", name === "dragover");
      if (name === "drop" && event.dataTransfer.files.length > 0) {
        input.files = event.dataTransfer.files;
        show();
      }
    });
  }

  function show() {
    chosen.hidden = input.files.length === 0;
    chosen.replaceChildren(...[...input.files].map((file) => {
      const row = document.createElement("p");
      if (/^image\/(png|jpeg|webp)$/.test(file.type)) {
        const picture = document.createElement("img");
        picture.src = URL.createObjectURL(file);
        picture.alt = "";
        picture.addEventListener("load", () => URL.revokeObjectURL(picture.src));
        row.append(picture, " ");
      }
      row.append(`${file.name} · ${Math.max(1, Math.round(file.size / 1024))} kB`);
      return row;
    }));
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const bar = document.createElement("progress");
    bar.max = 100;
    bar.value = 0;
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("accept", "application/json");
    request.upload.addEventListener("progress", (sent) => { if (sent.lengthComputable) bar.value = (100 * sent.loaded) / sent.total; });
    request.addEventListener("load", () => {
      if (request.status === 204) return location.reload();
      if (new URL(request.responseURL).pathname === "/sign-in") return say(form.dataset.lost, "no");
      say(form.dataset.refused, "no");
    });
    for (const name of ["error", "abort", "timeout"]) request.addEventListener(name, () => say(form.dataset.broken, "no"));
    say(form.dataset.sending);
    bar.setAttribute("aria-label", form.dataset.sending);
    status.append(" ", bar);
    request.send(new FormData(form));
  });
}
