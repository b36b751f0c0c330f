import ArgumentParser
import LifeboatCommands

@main
enum Main {
    static func main() async {
        await Lifeboat.main()
    }
}
