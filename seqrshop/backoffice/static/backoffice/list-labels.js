// Gives each cell of a list the name of its column, which a phone shows where the list has no head.

const EMPTY_VALUE = "-";

const list = document.getElementById("result_list");
const labels = [...(list?.querySelectorAll("thead th") ?? [])].map(
  (head) => head.textContent?.trim() ?? "",
);
for (const row of list?.querySelectorAll("tbody tr") ?? []) {
  for (const [column, cell] of [...row.children].entries()) {
    cell.setAttribute("data-label", labels[column] ?? "");
    cell.classList.toggle("is-empty", cell.textContent?.trim() === EMPTY_VALUE);
  }
}
