"use strict";
// The token stays in this page's memory: it is never stored and never part of an address.
const $ = (id) => document.getElementById(id);

const post = async (body) => {
  const headers = { "Content-Type": "application/json", Accept: "application/graphql-response+json" };
  if ($("token").value.trim()) headers.Authorization = "Bearer " + $("token").value.trim();
  if ($("after").value.trim()) headers["X-Causo-After"] = $("after").value.trim();
  const started = performance.now();
  const response = await fetch("/graphql", { method: "POST", headers, body: JSON.stringify(body) });
  const text = await response.text();
  return { status: response.status, ms: Math.round(performance.now() - started), text };
};

const run = async () => {
  let variables = {};
  try {
    variables = $("variables").value.trim() ? JSON.parse($("variables").value) : {};
  } catch (error) {
    $("status").textContent = "Biến không phải JSON: " + error.message;
    return;
  }
  $("status").textContent = "Đang hỏi…";
  try {
    const { status, ms, text } = await post({ query: $("document").value, variables });
    $("status").textContent = `HTTP ${status}, ${ms} ms`;
    $("answer").textContent = text ? JSON.stringify(JSON.parse(text), null, 2) : "";
  } catch (error) {
    $("status").textContent = "Không hỏi được: " + error.message;
  }
};

const TYPE = "kind name ofType{kind name ofType{kind name ofType{kind name}}}";
const SCHEMA = `{__schema{types{kind name description
  fields{name description args{name type{${TYPE}}} type{${TYPE}}}
  inputFields{name description type{${TYPE}}} enumValues{name}}}}`;

const typeName = (type) => {
  if (type.kind === "NON_NULL") return typeName(type.ofType) + "!";
  if (type.kind === "LIST") return "[" + typeName(type.ofType) + "]";
  return type.name;
};

const element = (name, text, ...children) => {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  made.append(...children);
  return made;
};

const show = (types) => {
  for (const type of types.filter((each) => !each.name.startsWith("__") && each.kind !== "SCALAR")) {
    const list = element("dl");
    for (const field of [...(type.fields || []), ...(type.inputFields || [])]) {
      const args = (field.args || []).map((each) => `${each.name}: ${typeName(each.type)}`).join(", ");
      list.append(element("dt", `${field.name}${args ? `(${args})` : ""}: ${typeName(field.type)}`));
      if (field.description) list.append(element("dd", field.description));
    }
    for (const value of type.enumValues || []) list.append(element("dt", value.name));
    const heading = element("summary", type.name);
    const about = type.description ? [element("p", type.description)] : [];
    $("schema").append(element("details", "", heading, ...about, list));
  }
};

const find = () => {
  const wanted = $("find").value.trim().toLowerCase();
  for (const each of $("schema").children) {
    const found = each.textContent.toLowerCase().includes(wanted);
    each.hidden = !found;
    each.open = found && wanted.length > 2;
  }
};

const learn = async () => {
  const { text } = await post({ query: SCHEMA });
  const answer = JSON.parse(text);
  if (answer.data) show(answer.data.__schema.types);
  else $("schema").textContent = "Lược đồ không mở ở chế độ này.";
};

$("run").addEventListener("click", run);
$("find").addEventListener("input", find);
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey && event.key === "Enter") run();
});
learn();
