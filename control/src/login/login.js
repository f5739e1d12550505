// A login link's token stands behind the #: it is taken out of the address bar before anything else happens.
const said = document.getElementById("said");
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
    form.hidden = true;
    said.textContent = `Logged in as ${body.user}@${body.host}.`;
    location.replace("/");
  } else {
    said.textContent = body.detail;
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  logIn(form.elements.secret.value);
});

if (token) logIn(token);
