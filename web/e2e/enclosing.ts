import { expect, type Page } from "@playwright/test";
import type { Person } from "./person";

export interface Enclosed {
  name: string;
  mimeType: string;
  buffer: Buffer;
}

export const text = (name: string, content: string): Enclosed => ({
  name,
  mimeType: "text/plain",
  buffer: Buffer.from(content),
});

/** A picture of this size, in one colour. */
export async function picture(page: Page, name: string, width: number, height: number, colour: string) {
  const bytes = await page.evaluate(
    async ([w, h, fill]) => {
      const canvas = new OffscreenCanvas(w, h);
      const context = canvas.getContext("2d");
      if (!context) throw new Error("no canvas");
      context.fillStyle = fill;
      context.fillRect(0, 0, w, h);
      return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
    },
    [width, height, colour] as const,
  );
  return { name, mimeType: "image/png", buffer: Buffer.from(bytes) };
}

/** The files that will go with the message. */
export const chips = (page: Page) => page.getByRole("list", { name: "Files of this message" }).getByRole("listitem");

/** Chooses files by the button. */
export async function choose({ page }: Person, ...files: (Enclosed | string)[]): Promise<void> {
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Attach files" }).click();
  await (await chooser).setFiles(files as Enclosed[]);
}

/** As files that a page can hold. */
const carried = (page: Page, files: Enclosed[]) =>
  page.evaluateHandle(
    (all) => {
      const transfer = new DataTransfer();
      for (const { name, type, bytes } of all) transfer.items.add(new File([new Uint8Array(bytes)], name, { type }));
      return transfer;
    },
    files.map(({ name, mimeType, buffer }) => ({ name, type: mimeType, bytes: [...buffer] })),
  );

/** Pastes files into the composer. */
export async function paste({ page, composer }: Person, ...files: Enclosed[]): Promise<void> {
  const data = await carried(page, files);
  await composer.evaluate((field, clipboardData) => {
    field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  }, data);
}

/** Has files hover over the log, and lets them go. */
export async function drop({ page }: Person, room: string, ...files: Enclosed[]): Promise<void> {
  const dataTransfer = await carried(page, files);
  const hint = page.getByText(`Drop to share in ${room}`);
  await page.dispatchEvent('[role="log"]', "dragenter", { dataTransfer });
  await page.dispatchEvent('[role="log"]', "dragover", { dataTransfer });
  await expect(hint).toBeVisible();
  await page.dispatchEvent('[role="log"]', "drop", { dataTransfer });
  await expect(hint).toBeHidden();
}
