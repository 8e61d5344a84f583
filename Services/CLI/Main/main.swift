import CLIService

await SondeCommand.main(Array(CommandLine.arguments.dropFirst()))
