/** Access tokens that `Server.token` would not make. */
import type { Server } from "./server";

type Fields = Record<string, unknown>;

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
}

function encoded(fields: Fields): string {
  return base64url(new TextEncoder().encode(JSON.stringify(fields)));
}

/** A token of `claims` on top of those of an hour's token for `identity`, rightly signed; undefined leaves a claim out. */
export async function signed(server: Server, identity: string, claims: Fields = {}, header: Fields = {}) {
  const { account_sid, api_key_sid, api_key_secret, service_sid } = server.keys;
  const [, given] = (await server.token(identity, 3600)).split(".");
  const { nbf, exp } = JSON.parse(atob(given ?? ""));
  const body = encoded({
    ...{ jti: `${api_key_sid}-${nbf}`, iss: api_key_sid, sub: account_sid, nbf, exp },
    grants: { identity, chat: { service_sid } },
    ...claims,
  });
  const text = `${encoded({ typ: "JWT", alg: "HS256", cty: "twilio-fpa;v=1", ...header })}.${body}`;
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const bytes = new TextEncoder();
  const key = await crypto.subtle.importKey("raw", bytes.encode(api_key_secret), hmac, false, ["sign"]);
  return `${text}.${base64url(new Uint8Array(await crypto.subtle.sign("HMAC", key, bytes.encode(text))))}`;
}

/** The hex SHA-256 by which `POST /roomful/v1/revocations` names a token. */
export async function fingerprint(token: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token)));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
