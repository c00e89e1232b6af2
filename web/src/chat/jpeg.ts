/** What a segment of a JPEG file is, by its second byte. */
const [exifOrXmp, extension, photoshop, comment, startOfScan] = [0xe1, 0xe2, 0xed, 0xfe, 0xda];
const orientationTag = 0x0112;

/**
 * A JPEG picture without what its camera wrote into it: where it was taken, when, and with what. Nothing is encoded anew;
 * which way up it goes, and its colour profile, stay. What is no JPEG stays as it is.
 */
export async function withoutTraces(file: Blob): Promise<Blob> {
  const read = async (from: number, length: number) =>
    new DataView(await file.slice(from, from + length).arrayBuffer());
  const start = await read(0, 2);
  if (start.byteLength < 2 || start.getUint16(0) !== 0xffd8) return file;
  const parts: BlobPart[] = [start];
  for (let at = 2; ; ) {
    const head = await read(at, 4);
    if (head.byteLength < 4 || head.getUint8(0) !== 0xff) return file;
    const [kind, length] = [head.getUint8(1), 2 + head.getUint16(2)];
    if (kind === startOfScan) return new Blob([...parts, file.slice(at)], { type: file.type });
    if (kind === exifOrXmp) {
      const orientation = orientationIn(await read(at + 4, length - 4));
      if (orientation !== 1) parts.push(exifOf(orientation));
    } else if (kind === extension) {
      if (textIn(await read(at + 4, length - 4), 11) === "ICC_PROFILE") parts.push(file.slice(at, at + length));
    } else if (kind !== photoshop && kind !== comment) parts.push(file.slice(at, at + length));
    at += length;
  }
}

const textIn = (data: DataView, length: number) =>
  String.fromCharCode(...new Uint8Array(data.buffer, 0, Math.min(length, data.byteLength)));

/** Which way up a picture goes, from 1 to 8, as its Exif segment says. */
function orientationIn(exif: DataView): number {
  const tiff = 6; // behind "Exif\0\0"
  if (textIn(exif, 4) !== "Exif" || exif.byteLength < tiff + 8) return 1;
  const little = exif.getUint16(tiff) === 0x4949;
  const directory = tiff + exif.getUint32(tiff + 4, little);
  if (directory + 2 > exif.byteLength) return 1;
  const count = exif.getUint16(directory, little);
  for (let entry = directory + 2; entry + 12 <= Math.min(exif.byteLength, directory + 2 + 12 * count); entry += 12) {
    if (exif.getUint16(entry, little) !== orientationTag) continue;
    const value = exif.getUint16(entry + 8, little);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

/** An Exif segment that says which way up a picture goes, and nothing else. */
function exifOf(orientation: number): Uint8Array<ArrayBuffer> {
  const exif = [0x45, 0x78, 0x69, 0x66, 0, 0];
  const tiff = [0x4d, 0x4d, 0, 0x2a, 0, 0, 0, 8];
  const entry = [0, 1, orientationTag >> 8, orientationTag & 0xff, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0];
  const body = [...exif, ...tiff, ...entry, 0, 0, 0, 0];
  return new Uint8Array([0xff, exifOrXmp, 0, body.length + 2, ...body]);
}
