/** Content templates: prepared messages with variables, which the application makes by REST. */
import { type ContentTemplate, ContentTemplateVariable } from "@twilio/conversations";
import { expect } from "vitest";
import { attached } from "./files";
import { conforms, connect, fresh, server, told } from "./stage";
import { refusal } from "./told";

async function made(friendly_name: string, types: object, variables: Record<string, string> = {}): Promise<string> {
  const content = { friendly_name, language: "en", variables, types };
  return (await server.rest<{ sid: string }>("POST", "/v1/Content", content)).sid;
}

/** The template with this SID, as a client finds it that connects now: the SDK keeps a list for a few seconds. */
async function found(identity: string, sid: string): Promise<ContentTemplate | undefined> {
  return (await (await fresh(identity)).client.getContentTemplates()).find((template) => template.sid === sid);
}

const ACTIONS = [
  { type: "URL", title: "Look", url: "https://example.com/{{1}}" },
  { type: "PHONE_NUMBER", title: "Call", phone: "+15557777777" },
  { type: "QUICK_REPLY", title: "Yes", id: "yes" },
];
const FORMS = {
  "twilio/text": { body: "Hello {{1}}, your {{thing}} is here" },
  "twilio/media": { body: "see", media: ["https://example.com/{{1}}.png"] },
  "twilio/location": { latitude: 51.5, longitude: -0.1, label: "here" },
  "twilio/quick-reply": { body: "Yes, {{1}}?", actions: [{ type: "QUICK_REPLY", title: "Yes", id: "yes" }] },
  "twilio/call-to-action": { body: "Do, {{1}}", actions: ACTIONS },
  "twilio/list-picker": {
    body: "Pick, {{1}}",
    button: "Open",
    items: [{ id: "1", item: "one", description: "first" }],
  },
  "twilio/card": { title: "Card of {{1}}", subtitle: "small", actions: ACTIONS },
  "twilio/unheard-of": { any: ["thing"] },
};
const KINDS = ["text", "media", "location", "quickReply", "callToAction", "listPicker", "card", "other"];

conforms(
  [
    ...["sid", "friendlyName", "variables", "variants", "dateCreated", "dateUpdated"].map(
      (it) => `ContentTemplate.${it}`,
    ),
    ...["name", "value"].map((it) => `ContentTemplateVariable.${it}`),
    "Client.getContentTemplates",
  ],
  "are told to every client with their forms and their variables",
  async () => {
    const before = Date.now();
    const sid = await made("all forms", FORMS, { 1: "somebody", thing: "parcel" });
    const template = await found("ann", sid);
    expect(template).toMatchObject({ sid, friendlyName: "all forms" });
    expect(sid).toMatch(/^HX[0-9a-f]{32}$/);
    expect(template?.variables.map(({ name, value }) => [name, value])).toEqual([
      ["1", "somebody"],
      ["thing", "parcel"],
    ]);
    expect([...(template?.variants.keys() ?? [])]).toEqual(Object.keys(FORMS));
    expect([...(template?.variants.values() ?? [])].map(({ type }) => type)).toEqual(KINDS);
    expect(template?.variants.get("twilio/text")).toMatchObject({ body: FORMS["twilio/text"].body });
    for (const date of [template?.dateCreated, template?.dateUpdated]) {
      expect(date?.getTime()).toBeGreaterThanOrEqual(before - 1000);
      expect(date?.getTime()).toBeLessThanOrEqual(Date.now() + 1000);
    }
    await server.rest("DELETE", `/v1/Content/${sid}`);
    expect(await found("ann", sid)).toBeUndefined();
  },
);

conforms(
  ["Client.getContentTemplates", "ContentTemplate.friendlyName"],
  "are read page by page when there are many",
  async () => {
    const names = Array.from({ length: 120 }, (_, n) => `one of many ${n}`);
    for (const name of names) await made(name, { "twilio/text": { body: name } });
    const templates = await (await fresh("ben")).client.getContentTemplates();
    expect(templates.map(({ friendlyName }) => friendlyName).filter((name) => name.startsWith("one of many"))).toEqual(
      names,
    );
    for (const { sid } of templates) await server.rest("DELETE", `/v1/Content/${sid}`);
  },
);

conforms(
  [
    ...["constructor", "copyWithValue", "name", "value"].map((it) => `ContentTemplateVariable.${it}`),
    ...["MessageBuilder.setContentTemplate", "MessageBuilder.buildAndSend", "Message.contentSid", "Message.body"],
    ...["UnsentMessage.contentSid", "UnsentMessage.contentVariables"],
  ],
  "are sent with values for their variables, and with their own where none is given",
  async () => {
    const sid = await made("greeting", { "twilio/text": FORMS["twilio/text"] }, { 1: "somebody", thing: "parcel" });
    const room = await server.room("templates", "cleo", "dan");
    const cleo = await connect("cleo");
    const hers = await cleo.ready(room.sid);
    const variables = (await found("cleo", sid))?.variables ?? [];
    const changed = variables.map((each) => (each.name === "1" ? each.copyWithValue("ü😀") : each));
    expect(changed[0]).toBeInstanceOf(ContentTemplateVariable);
    expect(variables[0]?.value).toBe("somebody");
    const unsent = hers.prepareMessage().setContentTemplate(sid, changed).build();
    expect(unsent).toMatchObject({ contentSid: sid, contentVariables: changed });
    expect(await unsent.send()).toBe(0);
    expect(await hers.prepareMessage().setContentTemplate(sid).buildAndSend()).toBe(1);
    const other = [new ContentTemplateVariable("thing", "{{1}}")];
    expect(await hers.prepareMessage().setContentTemplate(sid, other).buildAndSend()).toBe(2);
    const messages = await told("dan", room.sid);
    expect(messages.map(({ body, contentSid, author }) => [body, contentSid, author])).toEqual([
      ["Hello ü😀, your parcel is here", sid, "cleo"],
      ["Hello somebody, your parcel is here", sid, "cleo"],
      ["Hello somebody, your {{1}} is here", sid, "cleo"],
    ]);
    expect(messages.flatMap(attached)).toEqual([]);
    await server.rest("DELETE", `/v1/Content/${sid}`);
    expect((await told("dan", room.sid))[0]?.body).toBe("Hello ü😀, your parcel is here");
    const gone = hers.prepareMessage().setContentTemplate(sid).buildAndSend();
    expect(await refusal(gone)).toEqual([400, 50526]);
    expect(await hers.getMessagesCount()).toBe(3);
  },
);

const WHY = { browser: "the SDK reads a message's content only in browsers" };

conforms(
  ["Message.getContentData", "MessageBuilder.setContentTemplate", "Message.contentSid"],
  "are shown in the form in which they were sent, with their variables filled",
  async () => {
    const room = await server.room("content", "eve", "finn");
    const hers = await (await connect("eve")).ready(room.sid);
    for (const [kind, form] of Object.entries(FORMS)) {
      const sid = await made(kind, { [kind]: form }, { 1: "Finn", thing: "parcel" });
      await hers.prepareMessage().setContentTemplate(sid).buildAndSend();
    }
    await hers.sendMessage("plain");
    const messages = await told("finn", room.sid);
    const contents = await Promise.all(messages.map((message) => message.getContentData()));
    expect(contents.map((content) => content?.type)).toEqual([...KINDS, undefined]);
    const filled = Object.values(FORMS).map((form) =>
      JSON.parse(JSON.stringify(form).replaceAll("{{1}}", "Finn").replaceAll("{{thing}}", "parcel")),
    );
    expect(contents.slice(0, -1).map((content) => JSON.parse(content?.rawData ?? "null"))).toEqual(filled);
    expect(contents[0]).toMatchObject({ body: "Hello Finn, your parcel is here" });
    expect(contents[3]).toMatchObject({ body: "Yes, Finn?", replies: [{ title: "Yes", id: "yes" }] });
    expect(contents[4]).toMatchObject({
      actions: [
        { type: "url", url: "https://example.com/Finn" },
        { type: "phone", phone: "+15557777777" },
        { type: "reply", id: "yes" },
      ],
    });
    const asking = messages[0]?.getContentData();
    asking?.cancel();
    await expect(asking).rejects.toThrow("Promise was cancelled");
  },
  WHY,
);
