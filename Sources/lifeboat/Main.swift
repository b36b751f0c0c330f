import LifeboatCommands

@main
enum Main {
    static func main() async {
        await LifeboatProgram.main()
    }
}
