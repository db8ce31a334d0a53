import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'

/** rows beyond the edges, so that a quick reader sees no gap */
const OVER = 10

/**
 * A list of rows of one height, of which only those in view are in the page, however many there are.
 * With `follows` it stays at its end while the reader is there.
 */
export function WindowList({
  label,
  count,
  height,
  follows = false,
  row,
}: {
  label: string
  count: number
  /** px */
  height: number
  follows?: boolean
  row: (index: number) => ComponentChildren
}) {
  const view = useRef<HTMLDivElement>(null)
  const isAtEnd = useRef(true)
  const [top, setTop] = useState(0)
  const [size, setSize] = useState(600)
  useLayoutEffect(() => {
    const { current } = view
    if (!current) return
    const observer = new ResizeObserver(() => setSize(current.clientHeight))
    observer.observe(current)
    return () => observer.disconnect()
  }, [])
  useLayoutEffect(() => {
    const { current } = view
    if (current && follows && isAtEnd.current) current.scrollTop = current.scrollHeight
  })
  const first = Math.max(0, Math.floor(top / height) - OVER)
  const last = Math.min(count, Math.ceil((top + size) / height) + OVER)
  const rows = Array.from({ length: Math.max(0, last - first) }, (_, index) => first + index)
  return (
    <div
      class="window"
      ref={view}
      role="table"
      aria-label={label}
      aria-rowcount={count}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys
      tabIndex={0}
      onScroll={({ currentTarget }) => {
        isAtEnd.current = currentTarget.scrollTop + currentTarget.clientHeight > currentTarget.scrollHeight - height * 2
        setTop(currentTarget.scrollTop)
      }}
    >
      <div class="window-all" role="rowgroup" style={{ height: `${count * height}px` }}>
        {rows.map((index) => (
          <div
            key={index}
            class="window-row"
            role="row"
            aria-rowindex={index + 1}
            style={{ top: `${index * height}px`, height: `${height}px` }}
          >
            {row(index)}
          </div>
        ))}
      </div>
    </div>
  )
}
