import { withoutTraces } from "./jpeg";
import type { OutgoingFile } from "./model";

/** What has to be known of a file before it is sent. It rejects if the file cannot be read. */
export type Prepare = (file: File) => Promise<Pick<OutgoingFile, "content" | "width" | "height">>;

/** Formats that browsers show as pictures. SVG is not among them: it is a program as much as a picture. */
const shown = /^image\/(?:png|jpeg|gif|webp|avif|bmp)$/;

/** Measures a picture, so that its place can be kept free while it loads, and takes out where a photo was taken. */
export const preparePicture: Prepare = async (file) => {
  await file.slice(0, 1).arrayBuffer(); // a folder, or a file that is gone, fails here
  const content = file.type === "image/jpeg" ? await withoutTraces(file) : file;
  const unmeasured = { content, width: null, height: null };
  if (!shown.test(file.type)) return unmeasured;
  try {
    const bitmap = await createImageBitmap(content);
    const { width, height } = bitmap;
    bitmap.close();
    return { content, width, height };
  } catch {
    return unmeasured; // no picture, whatever it is called
  }
};
