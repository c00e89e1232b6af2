import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "./chat/api";

const refused = (error: Error) => error instanceof ApiError && error.status >= 400 && error.status < 500;

/** What is read by HTTP is asked once more when the server did not answer; a refusal stands. */
export const newQueryClient = () =>
  new QueryClient({
    defaultOptions: {
      queries: {
        networkMode: "always", // the browser's idea of being online is often wrong: a failure is shown, not waited out
        retry: (failures, error) => failures < 1 && !refused(error),
        retryDelay: 500,
        staleTime: 10_000,
      },
      mutations: { networkMode: "always" },
    },
  });
