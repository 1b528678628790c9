const MARGIN = 8; // px between a menu and the end of the page
const GAP = 3; // px between a menu and its button

interface Size {
  width: number;
  height: number;
}

type Box = Pick<DOMRect, "left" | "top" | "right" | "bottom">;

/** Where a menu is put: below its button, both ending at the right; above it where there is more room; within the page in any case. */
export function placeBeside(button: Box, menu: Size, page: Size): { left: number; top: number } {
  const below = button.bottom + GAP;
  const above = button.top - GAP - menu.height;
  const fits = below + menu.height <= page.height - MARGIN;
  const top = fits || page.height - button.bottom >= button.top ? below : above;
  const within = (at: number, size: number, room: number) => Math.max(MARGIN, Math.min(at, room - size - MARGIN));
  return { left: within(button.right - menu.width, menu.width, page.width), top: within(top, menu.height, page.height) };
}
