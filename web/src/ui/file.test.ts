import { File, FileArchive, FileText, Image as Picture } from "lucide-react";
import { expect, it } from "vitest";
import { fileIcon, isPicture, sizeOf } from "./file";

it("tells sizes as people read them", () => {
  const sizes = [0, 1, 1023, 1024, 2_202_009, 3 * 1024 ** 4];
  expect(sizes.map(sizeOf)).toEqual(["0 bytes", "1 byte", "1,023 bytes", "1 kB", "2.1 MB", "3,072 GB"]);
});

it("finds the icon of a type", () => {
  const types = ["image/png", "application/zip", "application/pdf", "application/octet-stream"];
  expect(types.map(fileIcon)).toEqual([Picture, FileArchive, FileText, File]);
  expect(["image/jpeg", "image/svg+xml", "text/html"].map(isPicture)).toEqual([true, false, false]);
});
