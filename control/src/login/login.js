// A login link's token stands behind the #: it is taken out of the address bar before anything else happens.
const token = location.hash.slice(1);
if (token) history.replaceState(null, "", location.pathname + location.search);

const WORDS = {
  en: {
    title: "Log in",
    how: "Open the link that `run.sh` printed, or paste the secret from it.",
    label: "Secret",
    go: "Log in",
    show: "Show the secret",
    lost: "Lost it? `control/run.sh` prints a new link.",
    warning: "Whoever has the secret runs commands as you.",
    wrong: "That is not the secret of this console.",
    used: "This link was used already, or is older than ten minutes. `control/run.sh` prints another.",
    wait: "Too many wrong secrets. Try again in {seconds} s.",
    again: "Try again now.",
    silent: "The console does not answer. `control/run.sh` starts it.",
    opening: "Logging in with the link.",
    in: "Logged in as {name}. Home: {home}",
    reads: "Logged in as {name}, read-only. Home: {home}",
    out: "Log out",
    gone: "Logged out.",
  },
  zh: {
    title: "登录",
    how: "打开 `run.sh` 打印的链接，或粘贴其中的密钥。",
    label: "密钥",
    go: "登录",
    show: "显示密钥",
    lost: "找不到了？`control/run.sh` 会打印新的链接。",
    warning: "持有密钥的人能以你的身份运行命令。",
    wrong: "这不是此控制台的密钥。",
    used: "这个链接已用过，或已超过十分钟。`control/run.sh` 会打印另一个。",
    wait: "错误的密钥太多。{seconds} 秒后再试。",
    again: "现在可以再试。",
    silent: "控制台没有应答。`control/run.sh` 会启动它。",
    opening: "正在用链接登录。",
    in: "已登录：{name}。主目录：{home}",
    reads: "已登录：{name}（只读）。主目录：{home}",
    out: "登出",
    gone: "已登出。",
  },
};

const at = (id) => document.getElementById(id);
const form = at("form");
const field = at("secret");

// The page's own choices, which this page shares: their names are those of control/src/dashboard.
function kept(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null; // no storage: the browser's choice
  }
}

function keep(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // It holds as long as this page does.
  }
}

let language = (kept("gpulane-language") ?? navigator.language).startsWith("zh") ? "zh" : "en";
let shown = null; // what is said now, to say it again in the other language

const scheme = kept("gpulane-scheme");
if (scheme === "dark" || scheme === "light") document.documentElement.dataset.scheme = scheme;

/** Words with their `commands` set as such. */
function write(element, text) {
  element.replaceChildren(
    ...text.split("`").map((part, index) => {
      if (index % 2 === 0) return part;
      const code = document.createElement("code");
      code.textContent = part;
      return code;
    }),
  );
}

function translate() {
  const words = WORDS[language];
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  for (const name of ["title", "how", "label", "go", "lost", "warning", "out"]) write(at(name), words[name]);
  at("show").setAttribute("aria-label", words.show);
  for (const button of document.querySelectorAll(".language"))
    button.setAttribute("aria-pressed", String(button.dataset.language === language));
  if (shown) say(...shown);
}

/** `where`: "said", what is wrong with the secret; "who", all else. */
function say(where, name, values = {}) {
  shown = [where, name, values];
  const text = WORDS[language][name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
  for (const id of ["said", "who"]) {
    at(id).hidden = id !== where;
    if (id === where) write(at(id), text);
  }
  field.toggleAttribute("aria-invalid", where === "said");
}

/** A page of this console's own; from anywhere else nobody is led away. */
function whereTo() {
  const wanted = new URLSearchParams(location.search).get("to") ?? "";
  try {
    const url = new URL(wanted, location.origin);
    const own = url.origin === location.origin && url.pathname.startsWith("/ui/") && wanted.startsWith("/ui/");
    return own ? url.pathname + url.search + url.hash : "/ui/state";
  } catch {
    return "/ui/state";
  }
}

async function ask(path, body) {
  return fetch(path, body && { method: "POST", headers: { "Content-Type": "application/json" }, body });
}

async function logIn(secret, byLink) {
  at("go").disabled = true;
  try {
    const answer = await ask("/api/auth/login", JSON.stringify({ secret }));
    if (answer.ok) enter(await answer.json());
    else await refused(answer, byLink);
  } catch {
    say("said", "silent");
  } finally {
    if (!waiting) at("go").disabled = false;
  }
}

async function refused(answer, byLink) {
  if (answer.status === 429) return wait(Number(answer.headers.get("Retry-After")) || 60);
  if (answer.status === 401) {
    // Who opens an old link again may be logged in by it still.
    if (byLink && (await look())) return;
    say("said", byLink ? "used" : "wrong");
  } else {
    const { detail } = await answer.json();
    shown = null; // the console's own words
    at("said").hidden = false;
    at("said").textContent = detail;
  }
  if (byLink) return;
  field.select();
  field.focus();
}

let waiting = null;

/** Until another secret is looked at. */
function wait(seconds) {
  at("go").disabled = true;
  clearInterval(waiting);
  const until = Date.now() + seconds * 1000;
  const tick = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    if (left > 0) return say("said", "wait", { seconds: left });
    clearInterval(waiting);
    waiting = null;
    at("go").disabled = false;
    say("said", "again");
  };
  waiting = setInterval(tick, 1000);
  tick();
}

/** Says who is logged in while the page comes, and leads there. */
function enter(who) {
  show(who);
  location.replace(whereTo());
}

function show(who) {
  form.hidden = true;
  at("how").hidden = true;
  at("out").hidden = false;
  say("who", who.role === "read" ? "reads" : "in", { name: `${who.user}@${who.host}`, home: who.home });
}

/** Whether somebody is logged in, who is then led on. */
async function look() {
  try {
    const answer = await ask("/api/auth/check");
    if (answer.ok) enter(await answer.json());
    return answer.ok;
  } catch {
    say("said", "silent");
    return false;
  }
}

at("out").addEventListener("click", async () => {
  await ask("/api/auth/logout", "{}");
  at("out").hidden = true;
  at("how").hidden = false;
  form.hidden = false;
  form.reset();
  say("who", "gone");
});

at("show").addEventListener("click", () => {
  const open = field.type === "password";
  field.type = open ? "text" : "password";
  at("show").setAttribute("aria-pressed", String(open));
});

for (const button of document.querySelectorAll(".language"))
  button.addEventListener("click", () => {
    language = button.dataset.language;
    keep("gpulane-language", language);
    translate();
  });

form.addEventListener("submit", (event) => {
  event.preventDefault();
  logIn(field.value.trim().replace(/^.*\/login\S*#/, ""), false); // of a whole link its end
});

at("host").textContent = location.host;
translate();
if (token) {
  say("who", "opening");
  logIn(token, true);
} else look();
