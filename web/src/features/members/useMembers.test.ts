import { expect, it } from "vitest";
import type { Member } from "../../chat/model";
import { outdated } from "./useMembers";

const member = (sid: string, roleSid: string): Member => ({ sid, identity: sid, roleSid, readTo: null });

it("asks anew who moderates only when a role says something new", () => {
  const asOf = [member("ana", "RLmoderator"), member("bo", "RLuser")];
  const stale = (...members: Member[]) => outdated({ asOf, moderators: ["ana"] }, members);
  expect(stale(...asOf)).toBe(false);
  expect(stale(member("bo", "RLuser"))).toBe(false); // somebody has left
  expect(stale(...asOf, member("chen", "RLuser"))).toBe(false); // a newcomer like others
  expect(stale(...asOf, member("chen", "RLmoderator"))).toBe(true);
  expect(stale(...asOf, member("chen", "RLguest"))).toBe(true);
  expect(stale(member("ana", "RLmoderator"), member("bo", "RLmoderator"))).toBe(true);
  expect(outdated({ asOf: [], moderators: [] }, asOf)).toBe(true);
});
