/** What has become of an action: five seconds; what went wrong stays until it is closed. */
import { notifications } from "@mantine/notifications";
import { NoConnection } from "@/api/client";
import { words } from "@/words";
import { sentence } from "@/words/reasons";

export function said(message: string): void {
  notifications.show({ message: sentence(message), autoClose: 5_000, withBorder: true, color: "gray" });
}

export function failed(error: unknown): void {
  const message =
    error instanceof NoConnection
      ? words.t("errors.noConnection")
      : error instanceof Error
        ? error.message
        : String(error);
  notifications.show({ message, autoClose: false, withBorder: true, color: "red" });
}

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
