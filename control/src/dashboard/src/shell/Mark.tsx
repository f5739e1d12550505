export function Mark() {
  return (
    <svg
      width="18"
      height="18"
      viewBox="0 0 18 18"
      aria-hidden
      fill="none"
      strokeWidth="2.6"
      strokeLinecap="round"
    >
      <path d="M2 4h8" stroke="var(--gl-t1)" />
      <path d="M14 4h2" stroke="var(--gl-running)" />
      <path d="M2 9h13" stroke="var(--gl-t1)" />
      <path d="M2 14h3" stroke="var(--gl-running)" />
      <path d="M9 14h5" stroke="var(--gl-t1)" />
    </svg>
  );
}
