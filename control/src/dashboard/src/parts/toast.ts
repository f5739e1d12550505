/** What has become of an action: five seconds; what went wrong stays until it is closed. */
import { notifications } from "@mantine/notifications";
import { answered } from "@/words/answers";
import { refusalText } from "@/words/refused";

export function said(message: string): void {
  notifications.show({ message: answered(message), autoClose: 5_000, withBorder: true, color: "gray" });
}

export function failed(error: unknown): void {
  const message = error instanceof Error ? refusalText(error) : String(error);
  // Once, however often; and not so many that what comes after them finds no room.
  standing = [message, ...standing.filter((one) => one !== message)];
  standing.splice(MOST).forEach((one) => notifications.hide(one));
  notifications.show({ id: message, message, autoClose: false, withBorder: true, color: "red" });
}

/** What has gone wrong and was not closed, the newest first. */
let standing: string[] = [];
const MOST = 2;

/** Does it, and says what has become of it. Whether it was done. */
export async function doing(act: Promise<{ said?: string }>): Promise<boolean> {
  try {
    const answer = await act;
    if (answer.said) said(answer.said);
    return true;
  } catch (error) {
    failed(error);
    return false;
  }
}
