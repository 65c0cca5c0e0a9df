import { t } from "../ui/text";
import { askChoice } from "./choice_dialog";
import { pageQueue } from "./page_queue";

/** Asks before unsent files are forgotten with the rest; resolves to whether to sign out. Forgets them when it is yes. */
export async function mayForget(): Promise<boolean> {
  const queue = await pageQueue();
  const count = queue.unsent.length;
  if (count > 0 && !(await asked(count))) {
    return false;
  }
  await queue.forget();
  return true;
}

function asked(count: number): Promise<boolean> {
  return askChoice(
    count === 1 ? t("1 file is not sent yet") : t("%(count)s files are not sent yet", { count }),
    t("If you sign out now they are deleted from this device. Stay signed in to let them arrive first."),
    { words: t("Sign out and delete them"), danger: true },
    t("Stay signed in"),
  );
}
