// The copy button of a session takes its commands alone, without prompts and output.
document.addEventListener("click", event => {
  const button = event.target.closest('[data-md-type="copy"]')
  const code = button?.closest(".language-console")?.querySelector("code")
  if (!code) return
  const commands = code.textContent.split("\n").filter(line => /^[$>] /.test(line)).map(line => line.slice(2))
  button.setAttribute("data-clipboard-text", commands.join("\n"))
}, true)
