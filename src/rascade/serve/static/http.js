// One way to ask the server: JSON in, JSON out, errors with the server's own words.
export class Refused extends Error {
  constructor(status, message, field) { super(message); this.status = status; this.field = field; }
}

export async function ask(path, { method = "GET", body, signal } = {}) {
  let answer;
  try {
    answer = await fetch(path, {
      method, signal,
      headers: method === "GET" ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, "The server does not answer. Is 'rascade serve' still running?");
  }
  if (answer.status === 204) return null;
  let data = null;
  try { data = await answer.json(); } catch { /* no JSON: told below */ }
  if (!answer.ok) {
    const told = data && data.error ? data.error : {};
    throw new Refused(answer.status, told.message || `The server answered ${answer.status}.`, told.field);
  }
  return data;
}
