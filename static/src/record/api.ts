import { getJson, postJson, putJson } from "../ui/api";
import type { AddendumReply, DocumentReply, Fields, Kind, RecordReply, ReportReply, SavedReply } from "./messages";

const base = (consultId: string): string => `/api/consults/${consultId}`;

export function getRecord(consultId: string): Promise<RecordReply> {
  return getJson(`${base(consultId)}/record`);
}

export function getDocument(consultId: string, kind: Kind): Promise<DocumentReply> {
  return getJson(`${base(consultId)}/${kind}`);
}

export function saveDraft(consultId: string, kind: Kind, fields: Fields, version: number): Promise<SavedReply> {
  return putJson(`${base(consultId)}/${kind}`, { ...fields, version });
}

export function sign(consultId: string, kind: Kind, version: number): Promise<DocumentReply> {
  return postJson(`${base(consultId)}/${kind}/sign`, { version });
}

export function addAddendum(consultId: string, text: string): Promise<AddendumReply> {
  return postJson(`${base(consultId)}/addenda`, { text });
}

export function makeReport(consultId: string): Promise<Pick<ReportReply, "state">> {
  return postJson(`${base(consultId)}/report`);
}
