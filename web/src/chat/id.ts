/** An id that nobody else has: 32 hexadecimal digits. `crypto.randomUUID` is missing where the page came by plain HTTP. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
