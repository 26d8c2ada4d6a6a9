// Small helpers for building parts of a page.

/** An element with these properties and children. */
export function element(name, properties = {}, ...children) {
  const { dataset, attributes, ...rest } = properties;
  const made = Object.assign(document.createElement(name), rest);
  Object.assign(made.dataset, dataset);
  for (const [attribute, value] of Object.entries(attributes ?? {})) made.setAttribute(attribute, value);
  made.append(...children);
  return made;
}

const paths = {
  up: "M8 13V3M3.500 7.500 8 3l4.500 4.500",
  down: "M8 3v10M3.500 8.500 8 13l4.500-4.500",
  back: "M6 3 2.500 6.500 6 10M2.500 6.500H10a3.500 3.500 0 0 1 0 7H7",
  refuse: "M8 2.500a5.500 5.500 0 1 0 0 11a5.500 5.500 0 1 0 0-11M4.200 4.200l7.600 7.600",
  handle: "M3 5.500h10M3 8h10M3 10.500h10",
  compare: "M2.500 3h4.500v10h-4.500zM9 3h4.500v10h-4.500z",
  expand: "M8 2v12M5 4.500 8 2l3 2.500M5 11.500 8 14l3-2.500",
};

/** A button that shows an icon and says what it does in words. */
export function iconButton(icon, label, action) {
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawing.setAttribute("viewBox", "0 0 16 16");
  drawing.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", paths[icon]);
  drawing.append(path);
  const button = element("button", { type: "button", title: label, attributes: { "aria-label": label } }, drawing);
  if (action) button.addEventListener("click", action);
  return button;
}
