// Makes the pictures of the documentation on a server of its own, with a community in it: `npm run build && node web/pictures.mjs`.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { env, exit } from "node:process";
import { setTimeout as wait } from "node:timers/promises";
import { chromium } from "@playwright/test";

const root = resolve(import.meta.dirname, "..");
const images = join(root, "docs/images");
const password = "correct horse battery";

const face = (parts) => `<svg viewBox="0 0 40 40" width="256" height="256">${parts}</svg>`;
const people = {
  ana: [
    "Ana Ribeiro",
    face(
      '<rect width="40" height="40" fill="#f3c9b0"/><path fill="#3b2418" d="M9 22c-1-9 2-15 11-15s12 6 11 15c0 5 1 8 1 8H8s1-3 1-8z"/><path fill="#7c3413" d="M5 42c0-9 6-13 15-13s15 4 15 13z"/><path fill="#c98b64" d="M16.500 24h7v5.500a3.500 3.500 0 0 1-7 0z"/><ellipse cx="20" cy="19" rx="7" ry="8.200" fill="#c98b64"/><path fill="#3b2418" d="M12.500 18c0-5 3-7.500 7.500-7.500s7.500 2.500 7.500 7.500c-2-3-4-4-8-4.500-2 2-4 3-7 4.500z"/>',
    ),
  ],
  bo: ["Bo Lindqvist", null],
  chen: [
    "Chen Wei",
    face(
      '<rect width="40" height="40" fill="#bfe0d6"/><path fill="#0d5646" d="M5 42c0-9 6-13 15-13s15 4 15 13z"/><path fill="#e3b48f" d="M16.500 24h7v5.500a3.500 3.500 0 0 1-7 0z"/><ellipse cx="20" cy="19" rx="7" ry="8.200" fill="#e3b48f"/><path fill="#1d1a1c" d="M11 19c0-8 3-12 9-12s9 4 9 12l-2-5c-4 1-9 0-12-2z"/>',
    ),
  ],
  dana: ["Dana Okafor", null],
  elif: [
    "Elif Kaya",
    face(
      '<rect width="40" height="40" fill="#e9dcb0"/><circle cx="20" cy="6.500" r="4" fill="#5a2f1a"/><path fill="#5a2f1a" d="M10.500 20c0-8 3-12 9.500-12s9.500 4 9.500 12z"/><path fill="#4b5d2a" d="M5 42c0-9 6-13 15-13s15 4 15 13z"/><path fill="#dba77c" d="M16.500 24h7v5.500a3.500 3.500 0 0 1-7 0z"/><ellipse cx="20" cy="19" rx="7" ry="8.200" fill="#dba77c"/><path fill="#5a2f1a" d="M12.500 18c0-5 3-7.500 7.500-7.500s7.500 2.500 7.500 7.500c-2-3-4-4-8-4.500-2 2-4 3-7 4.500z"/>',
    ),
  ],
  farid: ["Farid Haddad", null],
  grace: ["Grace Müller", null],
};
const rooms = [
  ["#announcements", "What everybody should know"],
  ["#front-desk", "Keys, parcels, lost and found"],
  ["#garden", "Beds, compost, and who waters"],
  ["#general", ""],
  ["#open-day", "Open house on 28 November: tours, food, chairs, the harbour door"],
  ["#tool-library", "What can be borrowed, and what has to come back"],
  ["#website", "harbourcommons.example"],
];
const talk = [
  [
    "chen",
    "16:52",
    "The tour booking script is nearly there. Dana, tell me if the lunch rule is right: nothing between one and two.",
  ],
  ["dana", "17:03", "Lunch is right. Could the gap be 15 minutes? The kayak group always runs late."],
  [
    "elif",
    "09:12",
    "Morning! First draft of the poster is on the wall in the hall. The arch is our actual front door.",
  ],
  ["bo", "09:31", "Love the colours. Print shop needs it by Wednesday noon, I can drop it off on my way home."],
  [
    "dana",
    "10:38",
    "@ana can you open the side gate at nine? The caterers come with a van. Also, the harbour door sticks in wet weather, can we plane it before the 28th?",
  ],
  ["farid", "10:41", "I can bring 30 folding chairs. Is there a ramp for the trolley?"],
  ["ana", "10:44", "Gate at nine, yes. There is a ramp on the quay side."],
  ["ana", "10:45", "I will ask Hugo about the plane."],
];
const news = [
  ["#front-desk", "grace", "Two parcels for the workshop are at the desk."],
  ["#general", "bo", "Who has the key to the bike shed?"],
  ["#general", "elif", "It hangs behind the door again."],
  ["#website", "chen", "The new opening hours are online."],
];

/** A server on a port and an instance of its own. */
async function start() {
  const instance = mkdtempSync(join(tmpdir(), "roomful-pictures-"));
  const { PATH, HOME } = env;
  const child = spawn(join(root, ".venv/bin/roomful"), ["serve"], {
    cwd: instance,
    env: { PATH, HOME, ROOMFUL_INSTANCE: instance, PORT: "0" },
  });
  for (let tries = 0; tries < 300; tries++) {
    await wait(100);
    try {
      const url = JSON.parse(readFileSync(join(instance, "server.json"), "utf8")).url.replace("127.0.0.1", "localhost");
      const keys = JSON.parse(readFileSync(join(instance, "credentials.json"), "utf8"));
      const stop = () => {
        child.kill("SIGTERM");
        child.once("exit", () => rmSync(instance, { recursive: true, force: true }));
      };
      return { url, keys, stop };
    } catch {
      // not yet
    }
  }
  throw new Error("the server did not start");
}

const { url, keys, stop } = await start();
const browser = await chromium.launch({ executablePath: join(root, "scripts/chromium"), args: ["--no-sandbox"] });
const basic = Buffer.from(`${keys.account_sid}:${keys.auth_token}`).toString("base64");

async function rest(path, values) {
  const headers = { Authorization: `Basic ${basic}` };
  const answer = await fetch(`${url}${path}`, { method: "POST", headers, body: new URLSearchParams(values) });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

const at = (time, daysAgo) => {
  const date = new Date();
  date.setDate(date.getDate() - daysAgo);
  const [hours, minutes] = time.split(":");
  date.setHours(Number(hours), Number(minutes), 0, 0);
  return date.toISOString();
};

async function furnish() {
  const drawing = await browser.newPage({ viewport: { width: 256, height: 256 } });
  const signedIn = {};
  for (const [username, [name, picture]] of Object.entries(people)) {
    const { request } = await browser.newContext();
    signedIn[username] = request;
    await request.post(`${url}/api/signup`, { data: { username, password, friendly_name: name } });
    if (!picture) continue;
    await drawing.setContent(`<body style="margin:0">${picture}`);
    const headers = { "Content-Type": "image/png" };
    await request.put(`${url}/api/avatar`, { data: await drawing.screenshot(), headers });
  }
  await drawing.close();
  const sids = {};
  const others = Object.keys(people).slice(1);
  for (const [name, topic] of [...rooms, ["#board", ""]]) {
    const data = { name, topic, private: name === "#board" };
    const { sid } = await (await signedIn.ana.post(`${url}/api/rooms`, { data })).json();
    sids[name] = sid;
    for (const identity of name === "#board" ? [] : others)
      await rest(`/v1/Conversations/${sid}/Participants`, { Identity: identity });
  }
  const room = `/v1/Conversations/${sids["#open-day"]}`;
  for (const [index, [author, time, body]] of talk.entries()) {
    const Attributes = JSON.stringify(body.startsWith("@ana") ? { v: 1, m: ["ana"] } : {});
    const DateCreated = at(time, index < 2 ? 1 : 0);
    await rest(`${room}/Messages`, { Author: author, Body: body, Attributes, DateCreated });
  }
  for (const reader of ["ana", "bo", "chen", "dana", "elif"])
    await rest(`${room}/Participants/${reader}`, { LastReadMessageIndex: String(talk.length - 1) });
  return { signedIn, sids };
}

/** Somebody's page; `options` are the look of it. */
async function page(signedIn, username, options, path) {
  const context = await browser.newContext({
    locale: "en-GB",
    ...options,
    storageState: await signedIn[username].storageState(),
  });
  const opened = await context.newPage();
  await opened.goto(`${url}${path}`);
  return opened;
}

async function main() {
  const { signedIn, sids } = await furnish();
  const open = `/r/${sids["#open-day"]}`;
  const desk = { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1.5 };
  const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 1.5, hasTouch: true, isMobile: true };
  for (const username of ["bo", "chen", "dana", "elif"]) {
    const other = await page(signedIn, username, desk, open);
    await other.getByText("I will ask Hugo about the plane.").waitFor();
  }
  const first = await page(signedIn, "ana", desk, open);
  await first.getByText("I will ask Hugo about the plane.").waitFor();
  for (const who of ["bo", "elif"]) {
    const { sid } = await (await signedIn.ana.post(`${url}/api/dms`, { data: { people: [who] } })).json();
    if (who === "bo") await rest(`/v1/Conversations/${sid}/Messages`, { Author: "bo", Body: "Do you have the keys?" });
  }
  for (const [name, author, body] of news)
    await rest(`/v1/Conversations/${sids[name]}/Messages`, { Author: author, Body: body });
  await wait(3000); // what was read is told
  for (const [look, name] of [
    ["light", "room"],
    ["dark", "room-dark"],
  ]) {
    await first.emulateMedia({ colorScheme: look });
    await first.reload();
    await first.getByText("Here now, 5").waitFor();
    await first.getByText("Seen by").waitFor();
    await first.waitForTimeout(1500);
    await first.screenshot({ path: join(images, `${name}.png`) });
  }
  const hand = await page(signedIn, "ana", phone, "/");
  await hand.getByText("website").waitFor();
  await hand.waitForTimeout(800);
  await hand.screenshot({ path: join(images, "phone-1.png") });
  await hand.goto(`${url}${open}`);
  await hand.getByText("I will ask Hugo about the plane.").waitFor();
  await hand.waitForTimeout(800);
  await hand.screenshot({ path: join(images, "phone-2.png") });
  await hand.emulateMedia({ colorScheme: "dark" });
  await hand.goto(`${url}${open}?panel=people`);
  await hand.getByRole("button", { name: "Elif Kaya" }).tap();
  await hand.getByText(/^Here since/).waitFor();
  await hand.waitForTimeout(500);
  await hand.screenshot({ path: join(images, "phone-3.png") });
  execFileSync(join(root, ".venv/bin/python"), ["-c", squeeze, images]);
}

/** The phones beside each other, and all pictures in 256 colours: a fifth of the size, and nothing to be seen of it. */
const squeeze = `
import sys
from pathlib import Path
from PIL import Image
folder = Path(sys.argv[1])
phones = [Image.open(folder / f"phone-{n}.png").convert("RGB") for n in (1, 2, 3)]
width, height = phones[0].size
row = Image.new("RGB", (3 * width + 2 * 48, height), "#8fa3a9")
for n, phone in enumerate(phones):
    row.paste(phone, (n * (width + 48), 0))
row.save(folder / "phone.png")
for n in (1, 2, 3):
    (folder / f"phone-{n}.png").unlink()
for name in ("room", "room-dark", "phone"):
    Image.open(folder / f"{name}.png").convert("RGB").quantize(256, dither=Image.Dither.NONE).save(folder / f"{name}.png", optimize=True)
`;

try {
  await main();
} finally {
  await browser.close();
  stop();
}
exit(0);
