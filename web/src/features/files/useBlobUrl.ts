import { useEffect, useState } from "react";

/** An address in this page for something that is in its memory; empty until there is one. */
export function useBlobUrl(content: Blob): string {
  const [address, setAddress] = useState("");
  useEffect(() => {
    const made = URL.createObjectURL(content);
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [content]);
  return address;
}
