/** Everything that surrounds the pages, and which page is where. */
import { MantineProvider, localStorageColorSchemeManager } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createBrowserRouter, Navigate, RouterProvider } from "react-router";
import { Refused } from "./api/client";
import { theme, variables } from "./look/theme";
import { ConfirmProvider } from "./parts/Confirm";
import toast from "./parts/toast.module.css";
import { Fault, NotFound } from "./shell/Fault";
import { Shell } from "./shell/Shell";
import { State } from "./pages/state/State";

const scheme = localStorageColorSchemeManager({ key: "gpulane-scheme" });

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // What was refused is refused again; what did not answer may answer.
      retry: (count, error) => !(error instanceof Refused) && count < 2,
      refetchOnWindowFocus: false,
      staleTime: 5_000,
    },
  },
});

const router = createBrowserRouter([
  { path: "/", element: <Navigate to="/ui/state" replace /> },
  {
    path: "/ui",
    element: <Shell />,
    errorElement: <Fault />,
    hydrateFallbackElement: <></>,
    children: [
      { index: true, element: <Navigate to="/ui/state" replace /> },
      { path: "state", element: <State /> },
      { path: "gpu", lazy: async () => ({ Component: (await import("./pages/gpu/Gpu")).Gpu }) },
      {
        path: "command",
        lazy: async () => ({ Component: (await import("./pages/command/Command")).Command }),
      },
      {
        path: "timeline",
        lazy: async () => ({ Component: (await import("./pages/timeline/Timeline")).Timeline }),
      },
      { path: "logs/*", lazy: async () => ({ Component: (await import("./pages/logs/Logs")).Logs }) },
      { path: "tasks", lazy: async () => ({ Component: (await import("./pages/tasks/Tasks")).Tasks }) },
      {
        path: "history",
        lazy: async () => ({ Component: (await import("./pages/history/History")).History }),
      },
      { path: "rule", lazy: async () => ({ Component: (await import("./pages/rule/Rule")).Rule }) },
      {
        path: "setting",
        lazy: async () => ({ Component: (await import("./pages/setting/Setting")).Setting }),
      },
      { path: "*", element: <NotFound /> },
    ],
  },
]);

export function App() {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={variables}
      colorSchemeManager={scheme}
      defaultColorScheme="auto"
    >
      <QueryClientProvider client={queries}>
        <ConfirmProvider>
          <Notifications position="bottom-left" limit={4} classNames={{ root: toast.toasts ?? "" }} />
          <RouterProvider router={router} />
        </ConfirmProvider>
      </QueryClientProvider>
    </MantineProvider>
  );
}
