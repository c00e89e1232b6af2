import type { OutgoingFile } from "./model";

/** What has to be known of a file before it is sent. It rejects if the file cannot be read. */
export type Prepare = (file: File) => Promise<Pick<OutgoingFile, "content" | "width" | "height">>;

/** Formats that browsers show as pictures. SVG is not among them: it is a program as much as a picture. */
const shown = /^image\/(?:png|jpeg|gif|webp|avif|bmp)$/;

/** Measures a picture, so that its place can be kept free while it loads. */
export const preparePicture: Prepare = async (file) => {
  const raw = { content: file, width: null, height: null };
  await file.slice(0, 1).arrayBuffer(); // a folder, or a file that is gone, fails here
  if (!shown.test(file.type)) return raw;
  try {
    const bitmap = await createImageBitmap(file);
    const { width, height } = bitmap;
    bitmap.close();
    return { ...raw, width, height };
  } catch {
    return raw; // no picture, whatever it is called
  }
};
