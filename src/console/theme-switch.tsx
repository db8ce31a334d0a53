import { useEffect, useState } from 'preact/hooks'

/** As the system has it, until somebody wants it otherwise. */
export function ThemeSwitch() {
  const [isDark, setDark] = useState(() => matchMedia('(prefers-color-scheme: dark)').matches)
  const [isOwn, setOwn] = useState(false)
  useEffect(() => {
    if (isOwn) document.documentElement.dataset.theme = isDark ? 'dark' : 'light'
  }, [isDark, isOwn])
  return (
    <button
      type="button"
      class="icon"
      aria-label={isDark ? 'Light theme' : 'Dark theme'}
      onClick={() => {
        setOwn(true)
        setDark(!isDark)
      }}
    >
      ◐
    </button>
  )
}
