/** Addresses of this page that others lead to. */

export const logPage = (path: string) => `/ui/logs/view?path=${encodeURIComponent(path)}`;
export const gpuPage = (index: string) => `/ui/gpu?gpu=${encodeURIComponent(index)}`;
