// A login link's token stands behind the #: it is taken out of the address bar before anything else happens.
const said = document.getElementById("said");
const saidInChinese = document.getElementById("said-zh");
const out = document.getElementById("out");
const form = document.getElementById("form");
const token = location.hash.slice(1);
if (token) history.replaceState(null, "", location.pathname);

async function logIn(secret) {
  const answer = await fetch("/api/auth/login", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ secret }),
  });
  const body = await answer.json();
  if (answer.ok) {
    show(body);
    location.replace("/");
  } else {
    say(body.detail, "");
  }
}

function say(english, chinese) {
  said.textContent = english;
  saidInChinese.textContent = chinese;
}

// Who is logged in: not only for as long as the page itself takes to come, as there may be none to lead to.
function show(who) {
  const name = `${who.user}@${who.host}`;
  const reads = who.role === "read";
  form.hidden = true;
  out.hidden = false;
  say(
    `Logged in as ${name}${reads ? ", read-only" : ""}. Home: ${who.home}`,
    `已登录：${name}${reads ? "（只读）" : ""}。主目录：${who.home}`,
  );
}

async function look() {
  const answer = await fetch("/api/auth/check");
  if (answer.ok) show(await answer.json());
}

out.addEventListener("click", async () => {
  await fetch("/api/auth/logout", { method: "POST" });
  out.hidden = true;
  form.hidden = false;
  form.reset();
  say("Logged out.", "已登出。");
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  logIn(form.elements.secret.value);
});

if (token) logIn(token);
else look();
