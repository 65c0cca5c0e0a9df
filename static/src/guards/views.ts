import { getJson } from "../ui/api";
import { Field } from "../viewport/parse";

/** A view that was asked for, as the server tells it. */
export interface Retake {
  readonly id: string;
  readonly exam: string;
  readonly view: string;
  readonly words: string;
  readonly more: string;
  readonly why: string;
  readonly state: "asked" | "answered" | "declined" | "withdrawn";
  readonly reason: string;
  readonly askedBy: string;
  readonly askedAt: string;
  readonly endedBy: string;
  /** Instances that answer it. */
  readonly pictures: readonly string[];
  /** Files of the answer that are still on their way. */
  readonly coming: number;
}

export interface ExamView {
  readonly view: string;
  readonly words: string;
  readonly pictures: readonly string[];
  readonly suggested: readonly string[];
}

export interface Exam {
  readonly id: string;
  readonly exam: string;
  readonly words: string;
  readonly views: readonly ExamView[];
}

export interface OfferedExam {
  readonly exam: string;
  readonly words: string;
  readonly views: readonly { readonly view: string; readonly words: string }[];
}

/** `GET /imaging/cases/<id>/views`. */
export interface Views {
  readonly retakes: readonly Retake[];
  readonly exams: readonly Exam[];
  readonly offered: readonly OfferedExam[];
  /** Exams that the pictures' own words speak for. */
  readonly likely: readonly string[];
  readonly may: { readonly ask: boolean; readonly answer: boolean; readonly assign: boolean };
}

function texts(field: Field): string[] {
  return field.list().map((value) => value.text());
}

function readRetake(field: Field): Retake {
  return {
    id: field.get("id").text(),
    exam: field.get("exam").text(),
    view: field.get("view").text(),
    words: field.get("words").text(),
    more: field.get("more").text(),
    why: field.get("why").text(),
    state: field.get("state").oneOf("asked", "answered", "declined", "withdrawn"),
    reason: field.get("reason").text(),
    askedBy: field.get("asked_by").text(),
    askedAt: field.get("asked_at").text(),
    endedBy: field.get("ended_by").words(),
    pictures: texts(field.get("pictures")),
    coming: field.get("coming").count(),
  };
}

function readExam(field: Field): Exam {
  return {
    id: field.get("id").text(),
    exam: field.get("exam").text(),
    words: field.get("words").text(),
    views: field
      .get("views")
      .list()
      .map((view) => ({
        view: view.get("view").text(),
        words: view.get("words").text(),
        pictures: texts(view.get("pictures")),
        suggested: texts(view.get("suggested")),
      })),
  };
}

function readOffered(field: Field): OfferedExam {
  const views = field.get("views").list();
  return {
    exam: field.get("exam").text(),
    words: field.get("words").text(),
    views: views.map((view) => ({ view: view.get("view").text(), words: view.get("words").text() })),
  };
}

/** Reads the answer strictly; throws a `FormatError` for anything else. */
export function parseViews(json: unknown): Views {
  const field = new Field(json, "");
  const checklist = field.get("checklist");
  const may = (name: string): boolean => field.get("may").get(name).value === true;
  return {
    retakes: field.get("retakes").list().map(readRetake),
    exams: checklist.get("exams").list().map(readExam),
    offered: checklist.get("offered").list().map(readOffered),
    likely: texts(checklist.get("likely")),
    may: { ask: may("ask"), answer: may("answer"), assign: may("assign") },
  };
}

/** What is asked for and what is missing in a case. Rejects with an `ApiError`. */
export async function fetchViews(caseId: string): Promise<Views> {
  return parseViews(await getJson<unknown>(`/imaging/cases/${caseId}/views`));
}

/** How many requests wait for an answer. */
export function waiting(views: Views | undefined): number {
  return views?.retakes.filter((retake) => retake.state === "asked").length ?? 0;
}
